"""Codes of DICOM PS3.16 for the numbers of a heart: LOINC, SNOMED CT, DCM and UCUM."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.sr.coding import Code

from engine.volume import LV, MYO, RV

VENTRICLES = {LV: Code("87878005", "SCT", "Left ventricle"), RV: Code("53085002", "SCT", "Right ventricle")}
LV_MYOCARDIUM = Code("49848007", "SCT", "Left Ventricle Myocardium")
STRUCTURE_CODES = {**VENTRICLES, MYO: LV_MYOCARDIUM}

REPORT_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
MRI_OF_THE_HEART = Code("241620005", "SCT", "Magnetic resonance imaging of heart")
COMMENT = Code("121106", "DCM", "Comment")
QUALITATIVE_EVALUATIONS = Code("C0034375", "UMLS", "Qualitative Evaluations")
VOLUME = Code("118565006", "SCT", "Volume")
HEART_RATE = Code("8867-4", "LN", "Heart rate")
BODY_SURFACE_AREA = Code("8277-6", "LN", "BSA")
INDEX = Code("121425", "DCM", "Index")
"""What a number is divided by, of CID 3455."""

# CID 7474: what Simpson's rule is on a stack of labelled slices.
SUM_OF_VOXELS = Code("126030", "DCM", "Sum of segmented voxel method for volume")
# CID 3663
MOSTELLER = Code("122244", "DCM", "BSA = (HT*WT/36)^0.5")
DUBOIS = Code("122241", "DCM", "BSA = 0.007184*WT^0.425*HT^0.725")

CYCLE_POINT = Code("272518008", "SCT", "Cardiac Cycle Point")
# CID 12233
END_DIASTOLE = Code("416190007", "SCT", "End diastole")
END_SYSTOLE = Code("416430001", "SCT", "End Systole")
R_WAVE = Code("109043", "DCM", "R wave")

NORMAL_LOW = Code("385524004", "SCT", "Normal Range Lower Limit")
NORMAL_HIGH = Code("371933006", "SCT", "Normal Range Upper Limit")


def unit(ucum: str, meaning: str = "") -> Code:
    """A unit in UCUM, shown as it is written unless it has another meaning."""
    return Code(ucum, "UCUM", meaning or ucum)


ML, GRAM, PERCENT, MILLISECOND = unit("ml"), unit("g"), unit("%", "Percent"), unit("ms", "millisecond")
SQUARE_METRE, BEATS_PER_MINUTE = unit("m2"), unit("{H.B.}/min", "beats/min")
_ML_M2, _L_MIN, _L_MIN_M2, _ML_S = unit("ml/m2"), unit("l/min"), unit("l/min/m2"), unit("ml/s")


@dataclass(frozen=True, slots=True)
class Coded:
    """How a number is told. indexed: divided by the body surface area, which its name alone does not say.

    at: the point of the cardiac cycle that it is of; None for one of the whole cycle. method: None where the name says
    enough. site: where it was found, where that is not the ventricle itself.
    """

    name: Code
    unit: Code
    indexed: bool = False
    at: Code | None = None
    method: Code | None = None
    site: Code | None = None


_LVEDV = Code("8821-1", "LN", "Left Ventricular ED Volume")
_LVESV = Code("8823-7", "LN", "Left Ventricular ES Volume")
_RVEDV = Code("8822-9", "LN", "Right Ventricular ED Volume")
_RVESV = Code("8824-5", "LN", "Right Ventricular ES Volume")
# A mass code that names no ultrasound method, unlike LOINC's.
_WALL_MASS = Code("122447", "DCM", "Wall Mass")
_EJECTION = Code("122616", "DCM", "Peak Ejection Rate")
_FILLING = Code("122618", "DCM", "Peak Filling Rate")

CODED: dict[str, Coded] = {
    "lv.edv_ml": Coded(_LVEDV, ML, at=END_DIASTOLE, method=SUM_OF_VOXELS),
    "lv.esv_ml": Coded(_LVESV, ML, at=END_SYSTOLE, method=SUM_OF_VOXELS),
    "lv.sv_ml": Coded(Code("90096001", "SCT", "Stroke Volume"), ML),
    "lv.ef_percent": Coded(Code("8811-2", "LN", "Left ventricular ejection fraction by MR"), PERCENT),
    "lv_mass_g": Coded(_WALL_MASS, GRAM, at=END_DIASTOLE, site=LV_MYOCARDIUM),
    "lv.edv_ml_m2": Coded(_LVEDV, _ML_M2, indexed=True, at=END_DIASTOLE),
    "lv.esv_ml_m2": Coded(_LVESV, _ML_M2, indexed=True, at=END_SYSTOLE),
    "lv.sv_ml_m2": Coded(Code("277381004", "SCT", "Stroke Index"), _ML_M2),
    "lv.co_l_min": Coded(Code("82799009", "SCT", "Cardiac Output"), _L_MIN),
    "lv.ci_l_min_m2": Coded(Code("54993008", "SCT", "Cardiac Index"), _L_MIN_M2),
    "lv_mass_g_m2": Coded(_WALL_MASS, unit("g/m2"), indexed=True, at=END_DIASTOLE, site=LV_MYOCARDIUM),
    "lv.peak_ejection_ml_s": Coded(_EJECTION, _ML_S),
    "lv.peak_filling_ml_s": Coded(_FILLING, _ML_S),
    "rv.edv_ml": Coded(_RVEDV, ML, at=END_DIASTOLE, method=SUM_OF_VOXELS),
    "rv.esv_ml": Coded(_RVESV, ML, at=END_SYSTOLE, method=SUM_OF_VOXELS),
    "rv.sv_ml": Coded(Code("429483009", "SCT", "Right ventricular stroke volume"), ML),
    "rv.ef_percent": Coded(Code("8818-7", "LN", "Right ventricular ejection fraction by MR"), PERCENT),
    "rv.edv_ml_m2": Coded(_RVEDV, _ML_M2, indexed=True, at=END_DIASTOLE),
    "rv.esv_ml_m2": Coded(_RVESV, _ML_M2, indexed=True, at=END_SYSTOLE),
    "rv.sv_ml_m2": Coded(Code("429619008", "SCT", "Right ventricular stroke index"), _ML_M2),
    "rv.co_l_min": Coded(Code("428628004", "SCT", "Right ventricular cardiac output"), _L_MIN),
    "rv.ci_l_min_m2": Coded(Code("427990004", "SCT", "Right ventricular cardiac index"), _L_MIN_M2),
    "rv.peak_ejection_ml_s": Coded(_EJECTION, _ML_S),
    "rv.peak_filling_ml_s": Coded(_FILLING, _ML_S),
}
"""By the keys of engine.measures. Times to peak rates are left out: no code says what they start from."""
