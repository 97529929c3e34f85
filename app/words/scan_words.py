"""What the engine says of files that it reads and of long-axis views: texts for app.words.engine_words to recognise.

Of texts that begin alike the longer ones stand first.
"""

from __future__ import annotations

from app.words.language import marked

SCAN_TEXTS = (
    # engine.formats.index, engine.formats.door
    marked(
        "Engine",
        "Also found and not shown: {kinds}; some are of another patient or study. This one is shown because {why}.",
    ),
    marked(
        "Engine",
        "Also found and not shown: {kinds}; some are of another patient or study. None is likelier: the first is "
        "shown.",
    ),
    marked("Engine", "Also found and not shown: {kinds}; some are of another patient or study."),
    marked("Engine", "Also found and not shown: {kinds}. This one is shown because {why}."),
    marked("Engine", "Also found and not shown: {kinds}. None is likelier: the first is shown."),
    marked("Engine", "Also found and not shown: {kinds}."),
    marked("Engine", "This one is shown because {why}."),
    marked("Engine", "None is likelier: the first is shown."),
    marked("Engine", "it is an MR image"),
    marked("Engine", "it holds magnitude images"),
    marked("Engine", "the others are localisers or long axes"),
    marked("Engine", "it is a stack of slices with the phases of a heartbeat"),
    marked("Engine", "it is a stack of slices"),
    marked("Engine", "of the names, its own speaks most for a short axis"),
    marked("Engine", "it repeats the others"),
    marked("Engine", "it has the most images"),
    marked("Engine", "its series comes first"),
    marked("Engine", "The most likely scan cannot be read, so another is shown: {error}."),
    marked("Engine", "Not read (and {count} more with faults): {error}."),
    marked("Engine", "Not read: {error}."),
    # engine.formats.dicom
    marked("Engine", "slice {number}"),
    marked("Engine", "slices {numbers}"),
    marked("Engine", "series {numbers}"),
    marked("Engine", "Several series show {slices}; {series} was used there."),
    marked("Engine", "Several acquisitions show {slices}; one of them was used there."),
    marked("Engine", "Phase {phase} of {count} is missing in {slices} and is left out of all slices."),
    marked("Engine", "1 image"),
    marked("Engine", "{count} images"),
    marked(
        "Engine",
        "The images were taken in real time over {beats} heartbeats: the fullest beat is shown and measured, {images} "
        "of the others are left out.",
    ),
    marked("Engine", "a mosaic of several slices in one image"),
    marked("Engine", "a series of images that all say that they lie at one place"),
    marked(
        "Engine",
        "{count} patients or studies hold one image or slice each of what is one stack by place, direction and name: "
        "their identifiers were made up, and they are taken for one patient.",
    ),
    marked(
        "Engine",
        "Slices {slices} hold images that another slice holds as well: some are copies, so volumes are not to be "
        "trusted.",
    ),
    marked(
        "Engine",
        "{count} of {frames} frames are copies of another one: the heartbeat has fewer phases than are shown, and "
        "end-diastole or end-systole may be missing.",
    ),
    marked(
        "Engine",
        "What is called RV cavity lies within the myocardium, and the LV cavity does not: the labels are probably in "
        "another order, and then volumes are those of the other ventricle.",
    ),
    marked(
        "Engine",
        "What is called LV cavity hardly touches what is called myocardium: the labels are probably in another order, "
        "and then no volume is to be trusted.",
    ),
    marked("Engine", "Nothing says which mask is of which frame: they are taken in this order: {names}."),
    marked(
        "Engine",
        "Nothing says which file is of which phase: {first} is taken for end-diastole, {second} for end-systole.",
    ),
    marked("Engine", "The file gives no unit of its time step: {step} ms from frame to frame are assumed."),
    marked(
        "Engine",
        "Voxels of {size} are not those of a heart scan: volumes in mL and lengths in mm are not to be trusted until "
        "the spacing is given.",
    ),
    # engine.formats.dicom, engine.formats.dicom_grid, engine.formats.dicom_time
    marked(
        "Engine",
        "Images of this series that lie in the same slices, but on other pixels or in another direction, are left out "
        "({count}): end-diastole or end-systole may be among them.",
    ),
    marked(
        "Engine",
        "The files' {clock} and their temporal positions give the frames different orders: the former are used. If "
        "they are wrong, the ejection fraction is too small.",
    ),
    marked(
        "Engine",
        "Frames of a slice are shifted against each other by up to {shift} mm within their plane and shown as if "
        "aligned (slices {list}).",
    ),
    marked(
        "Engine",
        "The images have {count} frames of reference (another than most in slices {list}): the patient may have been "
        "moved, and then they do not lie where they seem to.",
    ),
    marked(
        "Engine",
        "The images have {count} frames of reference: the patient may have been moved, and then they do not lie where "
        "they seem to.",
    ),
    marked(
        "Engine",
        "The headers give {stated} mm from slice to slice, the positions {step} mm: the positions are used. Slices "
        "may be missing.",
    ),
    marked(
        "Engine",
        "The headers give {stated} mm from slice to slice, the positions {step} mm: the positions are used.",
    ),
    marked(
        "Engine",
        "The slices differ in the time from frame to frame: {least} to {most} ms. Frames are put together by their "
        "number: unless the heart rate changed as much, volumes are of slices at different times of the heartbeat.",
    ),
    marked(
        "Engine",
        "The times in the headers are no milliseconds of a heartbeat ({first} to {last}): they give the order of the "
        "frames, and no rates.",
    ),
    marked("Engine", "Frames that all slices have at one and the same time after the R wave: {list}."),
    # engine.formats.seg_read
    marked(
        "Engine",
        "The mask has another patient ID than the scan: it may be of another patient. Check that before you trust any "
        "number.",
    ),
    marked(
        "Engine",
        "The mask has another frame of reference than the scan: the patient may have been moved between the two, and "
        "then it does not lie where it seems to.",
    ),
    # engine.formats.mask_fit
    marked(
        "Engine",
        "The mask would fit the scan better {how}: it may be laid wrongly, or be of another scan. Check its outlines "
        "before you trust any number.",
    ),
    marked("Engine", "flipped left to right"),
    marked("Engine", "flipped top to bottom"),
    marked("Engine", "turned by half a turn"),
    marked("Engine", "with rows and columns interchanged"),
    marked("Engine", "with its slices in reverse order"),
    marked("Engine", "with its two phases interchanged"),
    marked("Engine", "with its frames shifted in time"),
    marked(
        "Engine",
        "The LV cavity is no brighter than the myocardium in most slices: the mask may be flipped, in another order, "
        "or of another scan.",
    ),
    marked("Engine", "The mask marks no voxel: there is nothing to measure."),
    marked("Engine", "Segments that are neither ventricle nor myocardium are left out: {names}."),
    marked("Engine", "1 slice of a series of its own lies far beyond the stack and is left out."),
    marked("Engine", "{count} slices of series of their own lie far beyond the stack and are left out."),
    marked(
        "Engine",
        "Images of this series that do not say where they lie are left out ({count}): mL are not to be trusted.",
    ),
    marked("Engine", "images that do not say where they lie are left out"),
    marked("Engine", "{images} without a pixel spacing: that of the others is used."),
    marked(
        "Engine",
        "Slices that begin up to {most} ms earlier or later after the R wave than the others: {slices}. Frames are put "
        "together by their number, so volumes are of slices at different times of the heartbeat.",
    ),
    # engine.formats.nifti
    marked(
        "Engine",
        "The files differ in the time from frame to frame: {least} to {most} ms. Their mean is used; check that the "
        "frames of all slices are of the same times in the heartbeat.",
    ),
    marked(
        "Engine",
        "The axes in the header are {degrees}° away from right angles: the images are shown as if they were at right "
        "angles. Volumes take the angle into account, lengths do not.",
    ),
    marked(
        "Engine",
        "Spacing unknown: the header lacks a voxel size. Volumes in mL and lengths in mm are not to be trusted until "
        "the spacing is given.",
    ),
    marked(
        "Engine",
        "The file's axes seem to be (x, y, time, slice): its {third} × {fourth} images are shown as {slices} slices "
        "of {frames} frames, though the header says the opposite. Check that before you trust any volume.",
    ),
    marked(
        "Engine",
        "The file's third axis seems to be time: its {count} images differ as little as frames of one slice do, so "
        "they are shown as a cine of one slice and not as a stack.",
    ),
    marked("Engine", "Frame {frame} of {frames} holds no image, only one value, and is left out."),
    marked("Engine", "{count} of {frames} frames ({first} to {last}) hold no image, only one value, and are left out."),
    marked("Engine", "The header gives two voxel sizes, {norms} (sform) and {sizes} (pixdim): {which} is used."),
    marked("Engine", "the sform"),
    # engine.measures.long_axis, engine.measures.segments
    marked(
        "Engine",
        "LV volume = 8 A² / (3 π L), from the area A and the length L of its cavity in one plane (area–length; Dodge "
        "et al., Am Heart J 1960;60:762; Lang et al., J Am Soc Echocardiogr 2015;28:1).",
    ),
    marked(
        "Engine",
        "L runs from the middle of the mitral plane, the part of the cavity's edge without myocardium, to the "
        "farthest point of the cavity.",
    ),
    marked(
        "Engine",
        "RV fractional area change = (end-diastolic − end-systolic area) / end-diastolic area (Rudski et al., J Am "
        "Soc Echocardiogr 2010;23:685).",
    ),
    marked("Engine", "Long-axis shortening = (end-diastolic − end-systolic L) / end-diastolic L."),
    marked("Engine", "One plane is taken for the whole ventricle: volumes are not those of a short-axis stack."),
    marked("Engine", "The scan does not say its spacing: only ratios are to be trusted."),
    marked(
        "Engine",
        "Wall thickness by the centreline method: chords at right angles to the line midway between endocardium and "
        "epicardium, averaged over each segment (100 chords per slice). Thickening = (end-systole − end-diastole) / "
        "end-diastole. Each phase is divided into thirds by its own slices.",
    ),
    # engine.formats.dicom_grid, engine.formats.dicom_places, engine.formats.dicom_stack, engine.formats.dicom_time
    marked(
        "Engine",
        "Slice {number} is tilted against the others by up to {degrees}°; they are shown and measured as if parallel.",
    ),
    marked(
        "Engine",
        "Slices {numbers} are tilted against the others by up to {degrees}°; they are shown and measured as if "
        "parallel.",
    ),
    marked("Engine", "Slice {number} is of another pixel grid than the others, and resampled to theirs."),
    marked("Engine", "Slices {numbers} are of another pixel grid than the others, and resampled to theirs."),
    marked(
        "Engine",
        "1 slice position is nearer to another one than half the distance between slices ({step} mm), as after a "
        "repeated breath-hold; one of each is used.",
    ),
    marked(
        "Engine",
        "{count} slice positions are nearer to another one than half the distance between slices ({step} mm), as "
        "after a repeated breath-hold; one of each is used.",
    ),
    marked("Engine", "1 image is there more than once; one copy of each is used."),
    marked("Engine", "{count} images are there more than once; one copy of each is used."),
    marked("Engine", "Slice {number} (counted along the stack) has {phases} of {count} phases and is left out."),
    marked(
        "Engine",
        "Slices {numbers} (counted along the stack) have {phases} of {count} phases and are left out.",
    ),
    marked(
        "Engine",
        "1 image is of a slice and phase that another image shows; the first by instance number is used.",
    ),
    marked(
        "Engine",
        "{count} images are of a slice and phase that another image shows; the first by instance number is used.",
    ),
    # engine.formats.door, engine.formats.nifti_stack, engine.formats.nifti_values
    marked(
        "Engine",
        "Nearly every voxel has the value {value}: there is nothing to see or to measure. Copy the scan again.",
    ),
    marked(
        "Engine",
        "Every voxel has the value {value}: there is nothing to see or to measure. Copy the scan again.",
    ),
    marked(
        "Engine",
        "{first} and {second} look like images of two hearts or places, not like two phases of one: check that "
        "they are of one patient before you trust the ejection fraction.",
    ),
    marked("Engine", "{count} files of one slice each are shown as one stack."),
    marked("Engine", "{count} of {voxels} voxels hold no number (NaN or infinite) and are shown as the darkest."),
    marked(
        "Engine",
        "{count} of {voxels} voxels hold {value}, a value for outside the image, and are shown as the darkest.",
    ),
)
