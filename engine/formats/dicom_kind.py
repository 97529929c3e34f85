"""What kind of image a DICOM image is, by what its header says: magnitude or phase, cine or something else.

A name never proves a short-axis cine; it can only speak for it or against it. No file is read here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.formats.dicom_image import Image

# A stack whose normal is nearer to an axis of the body than this lies along the body, not along the heart (14 degrees).
ALONG_BODY = 0.97
# No heartbeat lasts longer: 30 beats a minute, and some patience.
LONGEST_BEAT_MS = 2500.0
# The direction from apex to base in LPS, as it lies in most people, and the least cosine to it of a short axis (57
# degrees). Normals of 182 four-chamber planes (M&Ms-2) point to the side by 0.44 at most, and most of them up by 0.6.
_HEARTS_AXIS = np.array([-0.64, 0.65, 0.41])
_FARTHEST_FROM_AXIS = 0.55
# What no stack across a heart exceeds, and the least distance between its slices that is in use.
_LONGEST_STACK_MM, _THINNEST_STEP_MM = 250.0, 2.0
# Images that are one heartbeat or more apart, in seconds; a heart seldom beats faster than 170 times a minute.
_LEAST_BEAT_S = 0.35
# A cine has 15 to 50 frames; with more of them, and no times at all, it is as likely a perfusion.
_MOST_UNTIMED = 50
# Frames of a cine that is of use follow each other faster than this.
_SLOWEST_FRAME_MS = 250.0

_OTHER_PIXELS = {
    "P", "R", "I", "PHASE", "REAL", "IMAGINARY", "PHASE MAP", "PHASE_MAP", "VELOCITY MAP", "VELOCITY", "VELOCITY_MAP",
    "FIELD_MAP", "FIELD MAP", "B0 MAP", "FLOW_PHASE", "PHASE DIFFERENCE",
}  # fmt: skip
_MAPS = {"T1", "T2", "T2_STAR", "T1 MAP", "T2 MAP", "T2* MAP", "T2_STAR MAP", "T1_MAP", "T2_MAP", "ADC", "ECV"}


def _words(*patterns: str) -> re.Pattern[str]:
    """Any of these as whole words; digits, hyphens and underscores may stand beside them."""
    return re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(patterns)})(?![a-z])")


_SHORT_AXIS = _words(
    r"sax?", r"short[ _-]*(?:ax|axis)", r"kurz\w*[ _-]*achsen?\w*", r"petit[ _-]*axe", r"eje[ _-]*corto",
    r"korte[ _-]*as", r"asse[ _-]*corto", r"eixo[ _-]*curto", r"kort\w*[ _-]*axe?l?\w*", r"kort[ _-]*akse",
    r"kratk\w*[ _-]*os\w*", r"kr[oó]tk\w*[ _-]*o[sś]\w*", r"lyhyt[ _-]*akseli", r"коротк\w*[ _-]*ос\w*",
    r"短[轴軸]\w*", r"단축\w*",
)  # fmt: skip
# What is no cine, whatever its view. "DE" alone is a word of several languages, not delayed enhancement.
_NO_CINE: dict[str, re.Pattern[str]] = {
    "a perfusion series": _words(
        r"perf\w*", r"first[ _-]*pass\w*", r"premier[ _-]*passage", r"primer[ _-]*paso", r"dsc", r"dce",
        r"dynamic[ _-]*(?:sa|gd|contrast)\w*", r"перфузи\w*", r"\w*灌注\w*", r"moco[ _-]*perf\w*",
    ),
    "a late enhancement series": _words(
        r"lge", r"late", r"late[ _-]*(?:gd|gad\w*|enh\w*)", r"delayed", r"psir", r"\w*(?:延迟|遅延)\w*", r"отсроч\w*",
        r"viab\w*", r"mde",
        r"de[ _-]?(?:mri|mr|ir|psir|flash)", r"realce[ _-]*tard\w*", r"rehauss\w*[ _-]*tard\w*",
        r"ege", r"early[ _-]*(?:gd|gad\w*|enh\w*)", r"ir[ _-]?(?:sax?|tfe|flash|f?gre|ssfp|prep\w*)",
        r"sp(?:ä|ae)t(?:aufnahme|anreicherung|enhancement)\w*",
    ),
    "a mapping series": _words(
        r"t1[ _-]?map\w*", r"sh?molli", r"molli", r"t2[ _-]?map\w*", r"t2[ _-]?star", r"t2\*(?:[ _-]?map\w*)?",
        r"ecv",
        r"\w*mapping", r"r2\*?[ _-]?map\w*",
        r"(?:native|pre|post)[ _-]*t1", r"t1[ _-]*(?:native|pre|post)\w*",
        r"moco[ _-]*t[12]\*?", r"t[12]\*?[ _-]*moco", r"mapa[ _-]*t[12]\*?", r"carto\w*[ _-]*t[12]\*?", r"sasha",
        r"ti[ _-]?scout", r"look[ _-]?locker",
    ),
    "a tagging series": _words(r"tagg?\w*", r"spamm", r"dense", r"csp?amm", r"senc", r"strain\w*"),
    "a flow series": _words(
        r"flow(?![ _-]*comp)", r"q[ _-]?flow", r"venc\w*", r"pc[ _-]?(?:mr\w*|cine|flow)?", r"phase[ _-]*contrast",
        r"4d[ _-]?flow",
        r"flu(?:ss|jo|x|xo)(?:messung)?",
    ),
    "a localiser": _words(
        r"scout\w*", r"loc(?:ali[sz]er)?s?", r"survey", r"3[ _-]*plane", r"plan[ _-]?scan", r"smart[ _-]?brain",
        r"ref(?:erence)?[ _-]?scan", r"lo[kc]ali[sz]\w*", r"\w*定位\w*", r"topogram\w*", r"rep(?:e|é)rage\w*",
        r"planung\w*", r"pilot",
    ),
    "no cine of the heart": _words(
        r"bold", r"fmri", r"dwi", r"dti", r"diff\w*", r"flair", r"mprage", r"swi", r"asl", r"tof", r"angio\w*",
        r"mra",
        r"field[ _-]?map\w*", r"adc", r"twist", r"tricks", r"coronar(?:y|ies|ien\w*|ias?)", r"whole[ _-]*heart\w*",
        r"3d[ _-]?(?:b?ssfp|fiesta|btfe|trufi)\w*", r"lava", r"vibe", r"thrive", r"dixon", r"fat[ _-]*water",
        r"water[ _-]*fat",
    ),
    "a real-time series": _words(
        r"real[ _-]*time\w*", r"echtzeit\w*", r"temps[ _-]*r(?:e|é)el", r"tiempo[ _-]*real", r"tempo[ _-]*real\w*",
        r"rt[ _-]?(?:cine|ssfp|sax?)", r"rt", r"实时\w*",
    ),
    "a still image": _words(
        r"stir", r"[dt]ir", r"haste", r"black[ _-]?blood", r"edema", r"oedema", r"t[12][ _-]?(?:tse|fse|se|w|prep\w*)"
    ),
}  # fmt: skip
# Said of perfusion at rest and under stress, but of cines as well.
_AT_REST, _CINE = _words(r"rest", r"stress"), _words(r"cine\w*", r"ssfp", r"fiesta", r"trufi\w*", r"s?b?[tf]fe")
_OTHER_VIEW: dict[str, re.Pattern[str]] = {
    "a long-axis view": _words(
        r"[234][ _-]*(?:ch|kammer\w*|cav\w*|camaras?|chambers?|k)", r"ch[234]", r"[hv]la", r"long[ _-]*ax\w*", r"lax",
        r"lange?[ _-]*achse", r"eje[ _-]*largo", r"grand[ _-]*axe", r"lange[ _-]*as", r"asse[ _-]*lungo",
        r"eixo[ _-]*longo", r"(?:zwei|drei|vier|twee|drie)[ _-]*kamm?er\w*", r"[234]c",
        r"(?:dos|tres|cuatro|due|tre|quattro|deux|trois|quatre)[ _-]*(?:c[aá]m\w*|cav\w*)",
        r"(?:bi|tri|tetra)[ _-]?cameral\w*", r"[234][ _-]*c(?:v|á\w*)", r"[234][ _-]*kamer\w*",
        r"[234二两三四]?[腔长長]\w*", r"длинн\w*[ _-]*ос\w*", r"장축\w*",
    ),
    "a view of the outflow": _words(
        r"lvot", r"rvot", r"ao(?:rta|rtic)?", r"pa[ _-]?bif\w*", r"valve\w*", r"outflow", r"pulm\w*",
    ),
    "a stack along the body": _words(r"axial\w*", r"tra(?:ns\w*)?", r"coronal\w*", r"sag(?:ittal)?\w*"),
}  # fmt: skip
_ELSEWHERE = re.compile(
    r"(?i)brain|head|skull|neck|spine|knee|\bhip|pelvis|prostate|breast|shoulder|foot|ankle|wrist|hand|elbow|leg|liver"
)


def name_patterns() -> tuple[re.Pattern[str], ...]:
    """All that is looked for in the name of a series."""
    return (_SHORT_AXIS, *_NO_CINE.values(), _AT_REST, _CINE, *_OTHER_VIEW.values(), _ELSEWHERE)


def normal(image: Image) -> NDArray[np.float64]:
    """Unit LPS direction row × column; superior for an image without a position."""
    if image.orientation is None:
        return np.array([0.0, 0.0, 1.0])
    across = np.cross(image.orientation[:3], image.orientation[3:])
    return np.asarray(across / np.linalg.norm(across))


def is_localiser(image: Image) -> bool:
    return "LOCALIZER" in image.image_type


def is_magnitude(image: Image) -> bool:
    """Whether pixels are signal: phase, velocity, real and imaginary images share the geometry of their magnitude."""
    if image.component and image.component not in ("MAGNITUDE", "MIXED"):
        return False
    return not _OTHER_PIXELS.intersection(image.image_type[2:])


def no_cine(image: Image) -> str:
    """What a series' name or image type says that it is instead of a cine, such as "a perfusion series"; else empty."""
    found = next((what for what, pattern in _NO_CINE.items() if pattern.search(image.description)), "")
    if not found and _AT_REST.search(image.description) and not _CINE.search(image.description):
        found = "a perfusion series"
    if not found and _MAPS.intersection(image.image_type[2:]):
        return "a map of a tissue property"
    return found


def named(image: Image) -> int:
    """1 where a series' name says short axis, −1 where it says something else, 0 where it says neither."""
    if no_cine(image):
        return -1
    short = bool(_SHORT_AXIS.search(image.description))
    if not short and other_view(image):
        return -1
    return int(short)


def other_view(image: Image) -> str:
    """The view that a series' name speaks of where it is not the short axis; else empty."""
    rest = _SHORT_AXIS.sub(" ", image.description)
    return next((what for what, pattern in _OTHER_VIEW.items() if pattern.search(rest)), "")


def family(image: Image) -> tuple[bool, bool, str]:
    """What images must have in common to be of one stack, beside their geometry."""
    return is_magnitude(image), is_localiser(image), no_cine(image)


def why_no_short_axis_cine(images: Sequence[Sequence[Image]], frame_times_ms: Sequence[float] | None) -> str:
    """Why a stack of MR images is no short-axis cine, as a phrase; empty where nothing speaks against it.

    images: [frame][slice].
    """
    first = images[0][0]
    everything = [image for phase in images for image in phase]
    elsewhere = _ELSEWHERE.search(first.body_part)
    if elsewhere and "HEART" not in first.body_part:
        return f"an image of the {first.body_part.lower()}"
    if not is_magnitude(first):
        return "a phase image, not one of signal"
    by_name = no_cine(first)
    if by_name:
        return f"{by_name}, by its name or type"
    echoes = {round(image.echo_ms, 1) for image in everything if image.echo_ms is not None}
    if len(images) > 1 and len(echoes) > 2 and len(echoes) >= 0.5 * len(images):
        return f"a series of {len(echoes)} echo times, as for mapping"
    inversions = {round(image.inversion_ms) for image in everything if image.inversion_ms}
    if len(inversions) > 2 and len(inversions) >= 0.5 * len(images):
        return f"a series of {len(inversions)} inversion times, as for mapping"
    if frame_times_ms and len(images) > 2:
        span = frame_times_ms[-1] - frame_times_ms[0]
        beat = max((image.rr_ms or 0.0 for image in everything), default=0.0)
        step = span / (len(images) - 1)
        if span > max(LONGEST_BEAT_MS, 1.6 * beat) or (step > _SLOWEST_FRAME_MS and span > 1.3 * (beat or 1200.0)):
            return f"no cine of one heartbeat: its frames span {span / 1000:.1f} s"
    if len(images) > _MOST_UNTIMED and not any(map(_is_timed, everything)):
        return f"a series of {len(images)} images per slice without times, which nothing proves to be a cine"
    extent = _no_hearts_extent(images)
    if extent:
        return extent
    seconds = _one_a_beat(images)
    if seconds:
        return f"no cine of one heartbeat: its frames were taken one after another over {seconds:.0f} s"
    short = bool(_SHORT_AXIS.search(first.description))
    view = other_view(first)
    if view and not short:
        return f"{view}, by its name"
    if short or first.orientation is None or not first.oriented or len(images) == 1:
        return ""
    return _lies_otherwise(normal(first))


def _is_timed(image: Image) -> bool:
    """Whether an image tells its time in the heartbeat, or how long that is."""
    return any(value is not None for value in (image.trigger_ms, image.actual_ms, image.percent, image.rr_ms))


def _one_a_beat(images: Sequence[Sequence[Image]]) -> float:
    """Over how many seconds the frames were taken, where each is of a heartbeat of its own; 0 where they are not.

    Only where no times after the R wave tell the frames apart: the images of a gated cine may be stamped anyhow.
    """
    frames = [phase[0] for phase in images]
    if len(frames) < 4 or len({frame.trigger_ms for frame in frames}) > 1:
        return 0.0
    if any(frame.actual_ms is not None or frame.percent is not None for frame in frames):
        return 0.0
    times = [frame.acquired_s for frame in frames if frame.acquired_s is not None]
    steps = np.diff(times)
    if len(times) < len(frames) or steps.min() <= 0 or float(np.median(steps)) < _LEAST_BEAT_S:
        return 0.0
    return float(times[-1] - times[0])


def _no_hearts_extent(images: Sequence[Sequence[Image]]) -> str:
    """Why the slices of a cine reach over no heart: too far, or too near to each other; else empty."""
    places = [image.position for image in images[0] if image.position is not None]
    if len(images) == 1 or len(places) < 3:
        return ""
    along = np.sort(np.array(places) @ normal(images[0][0]))
    span = float(along[-1] - along[0])
    if span > _LONGEST_STACK_MM:
        return f"a stack of {span:.0f} mm, longer than a heart"
    step = float(np.median(np.diff(along)))
    if step < _THINNEST_STEP_MM:
        return f"a stack of slices {step:.1f} mm apart, nearer than in a short-axis cine"
    return ""


def _lies_otherwise(across: NDArray[np.float64]) -> str:
    """Why a stack of that normal, whose name says no view, is none across the heart; empty where it may be."""
    side, back_or_forth, up = np.abs(across)
    if max(side, back_or_forth, up) > ALONG_BODY:
        axis = ("sagittal", "coronal", "transverse")[int(np.argmax(np.abs(across)))]
        return f"a {axis} stack: its slices lie along the body, not across the heart"
    if abs(float(across @ _HEARTS_AXIS)) < _FARTHEST_FROM_AXIS or (side < 0.35 and up > 0.6):
        return "a stack whose slices do not lie across the heart, by their direction, and whose name says no view"
    return ""
