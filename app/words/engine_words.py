"""What the engine says and the window shows: names, notices, rules and advice, in the language of the window.

The engine speaks English and knows no Qt. Its sentences are recognised here by their wording, and what stands in them
(numbers, names of files) is put into the translation; a sentence that is not listed stays as it is. Errors are not
listed: they are the same line in the window, in the terminal and in a search for it.
"""

from __future__ import annotations

import re
from functools import cache

from app.state.types import Language
from app.words.language import code_now, marked, translate
from app.words.scan_words import SCAN_TEXTS

AND = marked("Engine", "and")
TEXTS = (
    *SCAN_TEXTS,
    # engine.volume, engine.pictures.render
    marked("Engine", "LV cavity"),
    marked("Engine", "LV myocardium"),
    marked("Engine", "RV cavity"),
    marked("Engine", "From the header"),
    marked("Engine", "Heart"),
    marked("Engine", "Muscle"),
    marked("Engine", "Whole image"),
    marked("Engine", "Full range"),
    # names of models
    marked("Engine", "{model}, four-chamber"),
    # progress
    marked("Engine", "Looking for scans"),
    marked("Engine", "Reading headers"),
    marked("Engine", "Reading images"),
    marked("Engine", "Drawing frames"),
    marked("Engine", "Writing frames"),
    marked("Engine", "Copying without identity"),
    # engine.tables
    marked("Engine", "Research use only, not for diagnosis"),
    marked("Engine", "Volume, phase not known"),
    # why a stack is no short axis
    marked("Engine", "a CT image"),
    marked("Engine", "an ultrasound image"),
    marked("Engine", "an X-ray image"),
    marked("Engine", "an angiogram"),
    marked("Engine", "a nuclear medicine image"),
    marked("Engine", "a PET image"),
    marked("Engine", "a radiotherapy dose map"),
    marked("Engine", "an image of {modality} modality"),
    marked("Engine", "a localiser"),
    marked("Engine", "a localiser, with slices in several directions"),
    marked("Engine", "a single slice, such as a long-axis view"),
    marked("Engine", "a CT image, by its values"),
    marked("Engine", "a stack in the plane of a four-chamber view, not across the heart"),
    marked("Engine", "a volume of {slices} thin slices ({spacing} mm), not a short-axis stack"),
    marked("Engine", "a volume with cubic voxels ({spacing}), not a short-axis stack"),
    marked("Engine", "{what}, by its name or type"),
    marked("Engine", "{what}, by its name"),
    marked("Engine", "a {axis} stack: its slices lie along the body, not across the heart"),
    marked("Engine", "transverse"),
    marked("Engine", "coronal"),
    marked("Engine", "sagittal"),
    marked("Engine", "a map of a tissue property"),
    marked("Engine", "no cine of the heart"),
    marked("Engine", "a phase image, not one of signal"),
    marked("Engine", "a series of {count} echo times, as for mapping"),
    marked("Engine", "a series of {count} inversion times, as for mapping"),
    marked("Engine", "no cine of one heartbeat: its frames span {seconds} s"),
    marked("Engine", "no cine of one heartbeat: its frames were taken one after another over {seconds} s"),
    marked(
        "Engine",
        "a stack whose slices do not lie across the heart, by their direction, and whose name says no view",
    ),
    marked("Engine", "a perfusion series"),
    marked("Engine", "a late enhancement series"),
    marked("Engine", "a mapping series"),
    marked("Engine", "a tagging series"),
    marked("Engine", "a flow series"),
    marked("Engine", "a real-time series"),
    marked("Engine", "a still image"),
    marked("Engine", "a long-axis view"),
    marked("Engine", "a view of the outflow"),
    marked("Engine", "a stack along the body"),
    marked("Engine", "a series of images that do not say where they lie"),
    marked("Engine", "a series of {count} images per slice without times, which nothing proves to be a cine"),
    marked("Engine", "a stack of {length} mm, longer than a heart"),
    marked("Engine", "a stack of slices {distance} mm apart, nearer than in a short-axis cine"),
    marked(
        "Engine",
        "Between readers: LV of seven core laboratories (Suinesiaputra et al., J Cardiovasc Magn Reson 2015;17:63); "
        "* RV, coefficient of variability of two readers (Catalano et al.).",
    ),
    # what a four-chamber view measures
    marked("Engine", "LV EDV by area and length"),
    marked("Engine", "LV ESV by area and length"),
    marked("Engine", "LV SV by area and length"),
    marked("Engine", "LV EF by area and length"),
    marked("Engine", "LV long-axis shortening"),
    marked("Engine", "RV fractional area change"),
    # notices about a scan
    marked(
        "Engine",
        "The order of the frames is unknown: the files give neither times nor numbers that tell them apart. "
        "No ejection fraction is given.",
    ),
    marked(
        "Engine",
        "The files give no times after the R wave: frames are in the order of their {clock}. If that is not their "
        "order in the heartbeat, the ejection fraction is too small.",
    ),
    marked("Engine", "acquisition times"),
    marked("Engine", "content times"),
    marked("Engine", "instance numbers"),
    marked(
        "Engine",
        "The slices are not evenly spaced: {least} to {most} mm, the widest difference between slices {first} and "
        "{second}. Each slice counts by its own distance to its neighbours.",
    ),
    marked(
        "Engine",
        "The headers tell of {stated} phases of the heartbeat, and {count} are here: end-diastole or end-systole "
        "may be among the missing ones.",
    ),
    marked(
        "Engine",
        "A phase seems to be missing between frames {first} and {second}, by their times: end-diastole or "
        "end-systole may be the missing one.",
    ),
    marked(
        "Engine",
        "The stack was taken twice, the second time {gap} mm further on, so that slices overlap: series {series} "
        "is used.",
    ),
    marked(
        "Engine",
        "The heartbeat has {have} phases in some slices ({slices}) and {count} in the others: they are "
        "interpolated in time.",
    ),
    marked(
        "Engine",
        "{count} slices are said to lie at one position, but at different slice locations: they lie where their "
        "slice locations say.",
    ),
    marked(
        "Engine",
        "{count} images of one series have a patient each: their names and identifiers were made up file by file, "
        "and they are taken for one patient.",
    ),
    marked(
        "Engine",
        "{count} studies of one patient hold parts of one stack, by place, name and time: they are taken for one "
        "study whose identifier was replaced.",
    ),
    marked(
        "Engine",
        "The frames span {beats} heartbeats by the RR interval in the headers: end-diastole and end-systole are "
        "the largest and the smallest volume of all of them.",
    ),
    marked(
        "Engine",
        "{count} images share an identifier (SOP Instance UID) that should be of one alone; they are told apart "
        "by place and time.",
    ),
    marked("Engine", "The headers give no positions: the slices lie where their slice locations say, as if in line."),
    marked(
        "Engine",
        "Files of {count} patients share one patient ID and study: they are kept apart by name and date of birth.",
    ),
    marked(
        "Engine",
        "{count} studies of one image or slice each are of one series by all else that the files say: they are "
        "taken for one study whose identifiers were replaced.",
    ),
    marked(
        "Engine",
        "By the numbers in the files' names frames are missing ({frames}): end-diastole or end-systole may be among "
        "them.",
    ),
    marked(
        "Engine",
        "{count} more slices go on from this stack, but are tilted against it by more than 5°: they are not measured, "
        "so mL are not to be trusted.",
    ),
    marked("Engine", "slices are tilted away"),
    marked(
        "Engine",
        "{count} of {total} images hold nothing but one value (slices {slices}): nothing can be found in them, so "
        "volumes are too small. Copy the scan again.",
    ),
    marked("Engine", "A slice seems to be missing between slices {between}: mL are not to be trusted."),
    marked("Engine", "The header gives no pixel spacing: 1 mm is assumed, so mm and mL are guesses."),
    marked("Engine", "A single slice without a thickness: 1 mm is assumed, so mL are guesses."),
    marked("Engine", "The header does not say where the image lies: orientation is unknown."),
    marked(
        "Engine",
        "The slices are shifted against each other by up to {shift} mm within their plane; they are shown as if "
        "aligned.",
    ),
    marked("Engine", "The header's sform and qform place the slices {apart} mm apart: the sform is used."),
    marked(
        "Engine",
        "Spacing unknown: the header says 1 mm in every direction, as files without geometry do. Volumes in mL and "
        "lengths in mm are not to be trusted until the spacing is given.",
    ),
    marked("Engine", "Orientation unknown: the header holds no patient directions."),
    # engine.measures.quantities
    marked("Engine", "End-diastolic volume"),
    marked("Engine", "End-systolic volume"),
    marked("Engine", "Stroke volume"),
    marked("Engine", "Ejection fraction"),
    marked("Engine", "Myocardial mass"),
    # engine.measures.findings, engine.measures.segments, engine.measures.norms
    marked("Engine", "EDV index"),
    marked("Engine", "ESV index"),
    marked("Engine", "Stroke volume index"),
    marked("Engine", "Cardiac output"),
    marked("Engine", "Cardiac index"),
    marked("Engine", "Peak ejection rate"),
    marked("Engine", "Peak filling rate"),
    marked("Engine", "Time to peak ejection"),
    marked("Engine", "Time to peak filling"),
    marked("Engine", "Mass index"),
    marked("Engine", "mass"),
    marked("Engine", "mass i"),
    marked("Engine", "basal anterior"),
    marked("Engine", "basal anteroseptal"),
    marked("Engine", "basal inferoseptal"),
    marked("Engine", "basal inferior"),
    marked("Engine", "basal inferolateral"),
    marked("Engine", "basal anterolateral"),
    marked("Engine", "mid anterior"),
    marked("Engine", "mid anteroseptal"),
    marked("Engine", "mid inferoseptal"),
    marked("Engine", "mid inferior"),
    marked("Engine", "mid inferolateral"),
    marked("Engine", "mid anterolateral"),
    marked("Engine", "apical anterior"),
    marked("Engine", "apical septal"),
    marked("Engine", "apical inferior"),
    marked("Engine", "apical lateral"),
    marked("Engine", "apex"),
    marked(
        "Engine",
        "No range: none was found that could be verified for this measure and this way of counting papillaries.",
    ),
    marked("Engine", "No range: sex and age are needed."),
    marked("Engine", "No range: {study} measured people from {low} to {high} years."),
    marked("Engine", "Cardiac output = stroke volume × heart rate; the index is output / body surface area."),
    marked("Engine", "Indices are divided by the body surface area, by the formula that is named beside it."),
    marked("Engine", "Body surface area {area} m² by {formula}."),
    marked("Engine", "Heart rate {rate} beats a minute ({source})."),
    marked("Engine", "typed"),
    marked("Engine", "header"),
    marked("Engine", "frame times"),
    marked("Engine", "Normal ranges: mean ± {width} SD of {study}; {people}."),
    # who was measured for them
    marked(
        "Engine", "UK Biobank, 368 men and 432 women without cardiovascular disease or risk factors, Caucasian, 1.5 T"
    ),
    marked("Engine", "63 healthy men and 45 healthy women, Oxford, 1.5 T"),
    marked("Engine", "30 healthy men and 30 healthy women"),
    marked("Engine", "144 healthy volunteers, 68 of them women; output measured as flow in the aorta"),
    marked("Engine", "300 people of the MESA study without heart disease, 65.6 ± 8.5 years, 169 of them women"),
    marked(
        "Engine",
        "Peak rates are the steepest slopes of the volume curve after smoothing by a Fourier series of {count} "
        "harmonics (Bacharach et al., J Nucl Med 1983;24:1176): of ejection between end-diastole and end-systole, of "
        "filling between end-systole and end-diastole. Times count from end-diastole and from end-systole.",
    ),
    # rules of the measurements
    marked("Engine", "Volumes are the sum over slices of area times the distance between slices (Simpson's rule)."),
    marked("Engine", "Papillary muscles and trabeculae count as cavity."),
    marked("Engine", "End-diastole and end-systole are a file each."),
    marked(
        "Engine",
        "End-diastole is the frame with the largest, end-systole that with the smallest LV cavity, for both "
        "ventricles.",
    ),
    marked(
        "Engine",
        "End-diastole is the frame with the largest, end-systole that with the smallest cavity, for each ventricle by "
        "itself.",
    ),
    marked("Engine", "Chosen by the reader: {phase} of the {side}, frame {frame}."),
    marked("Engine", "end-diastole"),
    marked("Engine", "end-systole"),
    marked("Engine", "Basal slices count as far as they are labelled."),
    marked(
        "Engine",
        "A basal slice counts for LV and myocardium where at least half of the circumference of the LV cavity touches "
        "myocardium (after SCMR: Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19). RV slices count as far as "
        "they are labelled: around the RV there is no labelled wall to judge by.",
    ),
    marked(
        "Engine",
        "Papillary muscles and trabeculae count as cavity: all myocardium within the convex hull of the LV cavity of a "
        "slice is part of it.",
    ),
    marked(
        "Engine",
        "Papillary muscles and trabeculae count as myocardium: voxels of the LV cavity nearer to the grey value of "
        "myocardium than to that of blood (the medians of both in the slice) are part of it.",
    ),
    marked("Engine", "Left out by the reader: 1 slice."),
    marked("Engine", "Left out by the reader: {count} slices, each counted once for every frame."),
    marked("Engine", "One frame only: no phase is known, so no ejection fraction."),
    marked("Engine", "EF = (EDV − ESV) / EDV."),
    marked("Engine", "LV mass = 1.05 g/mL × myocardial volume at end-diastole."),
    marked("Engine", "LV mass = 1.05 g/mL × myocardial volume, in a frame whose phase is not known."),
    marked("Engine", "No phase is known, so no ejection fraction."),
    marked("Engine", "There is no LV cavity: end-diastole and end-systole are those of the RV cavity."),
    marked(
        "Engine",
        "All frames with labels are alike, so that no phase is known: choose end-diastole and end-systole.",
    ),
    marked(
        "Engine",
        "Only frame {frame} has labels, and its phase is not known: its volumes are neither end-diastolic nor "
        "end-systolic ones until that frame is chosen to be one of the two.",
    ),
    marked("Engine", "The scan does not say its spacing: mL and grams assume 1 mm and are not to be trusted; EF is."),
    marked("Engine", "The header contradicts itself about spacing; {x} × {y} × {z} mm was used."),
    marked("Engine", "The distances between slices differ: each slice counts by the thickness that it stands for."),
    marked("Engine", "The order of the frames is unknown: no phase is named, so no ejection fraction."),
    marked("Engine", "Volumes and mass are not of the whole heart: {why}."),
    # engine.formats.masks
    marked("Engine", "The mask was resampled to the grid of the scan: {difference}."),
    marked("Engine", "The labels go by their names in {file}: {values}."),
    marked("Engine", "The mask does not say what its labels mean: {values} is taken ({convention}, not {other})."),
    marked(
        "Engine",
        "The mask does not say what its labels mean: {values} is taken ({convention}, not {other}), "
        "because the LV cavity then lies within the myocardium.",
    ),
    # engine.network.basal
    marked("Engine", "{name} removed from slice {slice}, as above the base of the ventricle."),
    marked("Engine", "{name} removed from slice {slice} in frame {frame}, as above the base of the ventricle."),
    marked("Engine", "{name} removed from slice {slice} in {phase}, as above the base of the ventricle."),
    marked(
        "Engine",
        "{name} removed from slice {slice}, as above the base of the ventricle, in {count} of {frames} frames: {list}.",
    ),
    # engine.measures.quality
    marked("Engine", "Nothing was found: no ventricle is in any slice."),
    marked("Engine", "No {structure} was found in any slice."),
    marked(
        "Engine",
        "Only frames {list} have labels: nothing but their volumes says that they are end-diastole and end-systole.",
    ),
    marked("Engine", "Frames without {structure}: {list}, of {frames}."),
    marked(
        "Engine",
        "The LV cavity ends at slice {slice} with {share} % of its largest area, though the scan goes on: slices at "
        "the apex are probably without labels, and its volumes too small.",
    ),
    marked("Engine", "Frames in which the {structure} differs much from those before and after: {list}."),
    marked(
        "Engine", "Slices without {structure} at {phase}, though it is on both sides: {list}. Its volume is too small."
    ),
    marked(
        "Engine",
        "Slices in which the {structure} leaps from frame to frame: {list}. Their frames are probably out of order, "
        "and then the ejection fraction is too small.",
    ),
    marked("Engine", "Slices in which the {structure} differs much from those beside it at {phase}: {list}."),
    marked("Engine", "Frames in which a slice has no {structure}, though the slices on both sides have: {list}."),
    marked("Engine", "No LV myocardium was found, so there is no mass."),
    marked(
        "Engine",
        "The {side} ejection fraction is negative: the ventricle is larger at end-systole than at end-diastole. "
        "Check the phases and the outlines.",
    ),
    marked(
        "Engine",
        "An {side} ejection fraction of {percent} % is hardly possible. Check the phases and the outlines.",
    ),
    marked(
        "Engine",
        "An {side} end-diastolic volume of {volume} mL is not that of a human heart. "
        "Check the spacing and the outlines.",
    ),
    marked("Engine", "Volumes, mass and ejection fractions are not to be trusted: the scan is {reason}."),
    # engine.measures.flags
    marked("Engine", "The network is unsure of the {structure}: soft Dice {dice}."),
    marked("Engine", "No {structure} here, though there is one beside it and the network nearly found it."),
    marked("Engine", "No {structure} here, though it is in the slices on both sides."),
    marked("Engine", "float32 and int8 differ in the {structure}: Dice {dice}."),
    marked("Engine", "First slice of the {structure}, at the base."),
    marked("Engine", "Last slice of the {structure}, at the apex."),
    marked("Engine", "Myocardium surrounds only {percent} % of the LV cavity."),
    marked("Engine", "There is {structure} on a slice without LV cavity."),
    marked("Engine", "The {structure} is in {count} pieces."),
    marked("Engine", "The {structure} has a hole of {count} pixels."),
    marked("Engine", "The area of the {structure} differs much from the slices on both sides."),
    marked("Engine", "The {structure} is here in this frame only, not before or after."),
    marked("Engine", "The {structure} is missing in this frame only."),
    marked("Engine", "The area of the {structure} leaps in this frame."),
    marked("Engine", "The volume of the {structure} leaps in this frame."),
    marked("Engine", "This scan is unlike those that the model learned from: check every outline."),
    marked("Engine", "The {more} stroke volume exceeds that of the {less} by {percent} %, of their mean."),
    marked("Engine", "The order of the frames is unknown."),
    # advice of the device check, the longer wordings first
    marked("Engine", "{model}, by default: no precision of it could be checked on this device."),
    marked(
        "Engine",
        "{model} is the best choice: {latency} ms per slice, {times} times as fast as float32, at a mean Dice of "
        "{dice} against {plain}.",
    ),
    marked("Engine", "{model} is the best choice: {latency} ms per slice, {times} times as fast as float32."),
    marked("Engine", "{model} is the best choice: {latency} ms per slice, and no other precision is clearly faster."),
    marked("Engine", "{model} is the best choice: {latency} ms per slice."),
)


def translated(text: str) -> str:
    """What the engine says, in the language of the window where the sentence is known, else as it is."""
    if code_now() == Language.ENGLISH:
        return text
    if text in TEXTS:  # names of structures: the window's first picture need not wait for the patterns
        return translate("Engine", text)
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = {name: translated(_numbered(part)) for name, part in found.groupdict().items()}
            return translate("Engine", template).format(**parts)
    return text


def _numbered(part: str) -> str:
    """A list such as "slices 3, 4 and 9", joined as the window's language does."""
    return re.sub(r"(?<=\d) and (?=\d)", f" {translate('Engine', AND)} ", part)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each text with what recognises it; what is in braces stands for anything."""
    made = []
    for text in TEXTS:
        parts = re.split(r"\{(\w+)\}", text)
        wild = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)]
        made.append((text, re.compile("".join(wild), re.DOTALL)))
    return tuple(made)
