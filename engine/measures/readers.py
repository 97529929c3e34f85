"""How far human readers differ from each other, as published, to judge a difference by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReaderVariability:
    """low, high: between expert readers of the same scans; in the measure's unit, or in percent of it if relative."""

    low: float
    high: float
    source: str
    relative: bool = False


_SUINESIAPUTRA = (
    "Suinesiaputra A et al., J Cardiovasc Magn Reson 2015;17:63, doi 10.1186/s12968-015-0170-9: "
    "agreement between the readers of seven core laboratories, 15 scans"
)
_CATALANO = (
    "Catalano O et al., Intra-observer and interobserver reproducibility of right ventricle volumes, function and mass "
    "by cardiac magnetic resonance: coefficient of variability between two readers, 45 scans"
)

READERS: dict[str, ReaderVariability] = {
    "lv.edv_ml": ReaderVariability(15.2, 28.4, _SUINESIAPUTRA),
    "lv.esv_ml": ReaderVariability(14.0, 21.5, _SUINESIAPUTRA),
    "lv.ef_percent": ReaderVariability(4.6, 7.5, _SUINESIAPUTRA),
    "lv_mass_g": ReaderVariability(20.2, 34.5, _SUINESIAPUTRA),
    "rv.edv_ml": ReaderVariability(8.0, 13.0, _CATALANO, relative=True),
    "rv.esv_ml": ReaderVariability(8.0, 13.0, _CATALANO, relative=True),
    "rv.ef_percent": ReaderVariability(8.0, 13.0, _CATALANO, relative=True),
}
"""By the keys of engine.measures.quantities. A measure that is not here has no figure that could be verified."""
READERS_RULE = (
    "Between readers: LV of seven core laboratories (Suinesiaputra et al., J Cardiovasc Magn Reson 2015;17:63); "
    "* RV, coefficient of variability of two readers (Catalano et al.)."
)
