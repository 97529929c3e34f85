<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Action</name>
    <message>
        <source>Open files…</source>
        <translation>Dateien öffnen …</translation>
    </message>
    <message>
        <source>Open folder…</source>
        <translation>Ordner öffnen …</translation>
    </message>
    <message>
        <source>Built-in phantom heart</source>
        <translation>Eingebautes Phantomherz</translation>
    </message>
    <message>
        <source>A code of the scan</source>
        <translation>Ein Kürzel der Aufnahme</translation>
    </message>
    <message>
        <source>Patient and study</source>
        <translation>Patient und Untersuchung</translation>
    </message>
    <message>
        <source>A pseudonym…</source>
        <translation>Ein Pseudonym …</translation>
    </message>
    <message>
        <source>Export measurements as structured report…</source>
        <translation>Messwerte als strukturierten Befund exportieren …</translation>
    </message>
    <message>
        <source>Export report as PDF in DICOM…</source>
        <translation>Befund als PDF in DICOM exportieren …</translation>
    </message>
    <message>
        <source>Export contours of ED and ES as RT structure set…</source>
        <translation>Konturen von ED und ES als RT Structure Set exportieren …</translation>
    </message>
    <message>
        <source>Export contours of all frames as RT structure set…</source>
        <translation>Konturen aller Phasen als RT Structure Set exportieren …</translation>
    </message>
    <message>
        <source>Export mask as DICOM label map…</source>
        <translation>Maske als DICOM-Labelmap exportieren …</translation>
    </message>
    <message>
        <source>Export SEG, structured report, PDF and contours…</source>
        <translation>SEG, strukturierten Befund, PDF und Konturen exportieren …</translation>
    </message>
    <message>
        <source>Report…</source>
        <translation>Befund …</translation>
    </message>
    <message>
        <source>Copy results</source>
        <translation>Ergebnisse kopieren</translation>
    </message>
    <message>
        <source>Export measurements as CSV or JSON…</source>
        <translation>Messwerte als CSV oder JSON exportieren …</translation>
    </message>
    <message>
        <source>Export mask as NIfTI…</source>
        <translation>Maske als NIfTI exportieren …</translation>
    </message>
    <message>
        <source>Export mask as DICOM SEG…</source>
        <translation>Maske als DICOM SEG exportieren …</translation>
    </message>
    <message>
        <source>Anonymous copy of the scan…</source>
        <translation>Anonyme Kopie der Untersuchung …</translation>
    </message>
    <message>
        <source>Send to archive…</source>
        <translation>Ins Archiv senden …</translation>
    </message>
    <message>
        <source>Export movie of the slice…</source>
        <translation>Film der Schicht exportieren …</translation>
    </message>
    <message>
        <source>Save picture of the slice…</source>
        <translation>Bild der Schicht speichern …</translation>
    </message>
    <message>
        <source>Load mask to compare…</source>
        <translation>Maske zum Vergleich laden …</translation>
    </message>
    <message>
        <source>Remove the mask</source>
        <translation>Maske entfernen</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>One slice</source>
        <translation>Eine Schicht</translation>
    </message>
    <message>
        <source>End-diastole beside end-systole</source>
        <translation>Enddiastole neben Endsystole</translation>
    </message>
    <message>
        <source>Compare two segmentations</source>
        <translation>Zwei Segmentierungen vergleichen</translation>
    </message>
    <message>
        <source>All slices</source>
        <translation>Alle Schichten</translation>
    </message>
    <message>
        <source>Slice and long axis</source>
        <translation>Schicht und Langachse</translation>
    </message>
    <message>
        <source>Slice and long-axis cines</source>
        <translation>Schicht und Cines der langen Achse</translation>
    </message>
    <message>
        <source>Previous slice</source>
        <translation>Vorherige Schicht</translation>
    </message>
    <message>
        <source>Next slice</source>
        <translation>Nächste Schicht</translation>
    </message>
    <message>
        <source>Zoom to the heart</source>
        <translation>Auf das Herz zoomen</translation>
    </message>
    <message>
        <source>Reset view and window</source>
        <translation>Ansicht und Fensterung zurücksetzen</translation>
    </message>
    <message>
        <source>Next window preset</source>
        <translation>Nächste Fenstervorgabe</translation>
    </message>
    <message>
        <source>Invert grey scale</source>
        <translation>Grauwerte invertieren</translation>
    </message>
    <message>
        <source>Smooth between pixels</source>
        <translation>Zwischen Pixeln glätten</translation>
    </message>
    <message>
        <source>Hide or show the outlines</source>
        <translation>Konturen aus- oder einblenden</translation>
    </message>
    <message>
        <source>Outline, fill or voxels</source>
        <translation>Kontur, Fläche oder Voxel</translation>
    </message>
    <message>
        <source>Colour of the LV cavity…</source>
        <translation>Farbe des LV-Kavums …</translation>
    </message>
    <message>
        <source>Colour of the LV myocardium…</source>
        <translation>Farbe des LV-Myokards …</translation>
    </message>
    <message>
        <source>Colour of the RV cavity…</source>
        <translation>Farbe des RV-Kavums …</translation>
    </message>
    <message>
        <source>Default colours</source>
        <translation>Standardfarben</translation>
    </message>
    <message>
        <source>Outline of the loaded mask</source>
        <translation>Kontur der geladenen Maske</translation>
    </message>
    <message>
        <source>Header of the slice…</source>
        <translation>Header der Schicht …</translation>
    </message>
    <message>
        <source>Hide or show patient names</source>
        <translation>Patientennamen aus- oder einblenden</translation>
    </message>
    <message>
        <source>Dark theme</source>
        <translation>Dunkles Design</translation>
    </message>
    <message>
        <source>Light theme</source>
        <translation>Helles Design</translation>
    </message>
    <message>
        <source>Theme of the system</source>
        <translation>Design des Systems</translation>
    </message>
    <message>
        <source>Language: English</source>
        <translation>Sprache: English</translation>
    </message>
    <message>
        <source>Archive…</source>
        <translation>Archiv …</translation>
    </message>
    <message>
        <source>Save case</source>
        <translation>Fall speichern</translation>
    </message>
    <message>
        <source>Save case as…</source>
        <translation>Fall speichern unter …</translation>
    </message>
    <message>
        <source>What was done with the case…</source>
        <translation>Was mit dem Fall gemacht wurde …</translation>
    </message>
    <message>
        <source>Compare with another reader&apos;s case…</source>
        <translation>Mit dem Fall eines anderen Befunders vergleichen …</translation>
    </message>
    <message>
        <source>Two readers side by side</source>
        <translation>Zwei Befunder nebeneinander</translation>
    </message>
    <message>
        <source>Correct the loaded mask</source>
        <translation>Geladene Maske korrigieren</translation>
    </message>
    <message>
        <source>Language: Deutsch</source>
        <translation>Sprache: Deutsch</translation>
    </message>
    <message>
        <source>Language of the system</source>
        <translation>Sprache des Systems</translation>
    </message>
    <message>
        <source>Hide or show the panels</source>
        <translation>Seitenleisten aus- oder einblenden</translation>
    </message>
    <message>
        <source>Full screen</source>
        <translation>Vollbild</translation>
    </message>
    <message>
        <source>Play or pause</source>
        <translation>Wiedergabe oder Pause</translation>
    </message>
    <message>
        <source>Previous frame</source>
        <translation>Vorherige Phase</translation>
    </message>
    <message>
        <source>Next frame</source>
        <translation>Nächste Phase</translation>
    </message>
    <message>
        <source>Slower</source>
        <translation>Langsamer</translation>
    </message>
    <message>
        <source>Faster</source>
        <translation>Schneller</translation>
    </message>
    <message>
        <source>To and fro</source>
        <translation>Vor und zurück</translation>
    </message>
    <message>
        <source>Go to end-diastole</source>
        <translation>Zur Enddiastole</translation>
    </message>
    <message>
        <source>Go to end-systole</source>
        <translation>Zur Endsystole</translation>
    </message>
    <message>
        <source>What its geometry says</source>
        <translation>Was ihre Geometrie sagt</translation>
    </message>
    <message>
        <source>A short-axis slice</source>
        <translation>Eine Kurzachsenschicht</translation>
    </message>
    <message>
        <source>A four-chamber view</source>
        <translation>Einen Vierkammerblick</translation>
    </message>
    <message>
        <source>Next flag</source>
        <translation>Nächster Hinweis</translation>
    </message>
    <message>
        <source>Previous flag</source>
        <translation>Voriger Hinweis</translation>
    </message>
    <message>
        <source>Reviewed or not</source>
        <translation>Geprüft oder nicht</translation>
    </message>
    <message>
        <source>Switch float32 / int8</source>
        <translation>float32 / int8 umschalten</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segmentieren</translation>
    </message>
    <message>
        <source>Segment this slice only</source>
        <translation>Nur diese Schicht segmentieren</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Keep the base as found</source>
        <translation>Basis wie gefunden lassen</translation>
    </message>
    <message>
        <source>Device check…</source>
        <translation>Gerätetest …</translation>
    </message>
    <message>
        <source>About the model…</source>
        <translation>Über das Modell …</translation>
    </message>
    <message>
        <source>Correct contours</source>
        <translation>Konturen korrigieren</translation>
    </message>
    <message>
        <source>Corrected or as the model found it</source>
        <translation>Korrigiert oder wie vom Modell gefunden</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Ruler</source>
        <translation>Lineal</translation>
    </message>
    <message>
        <source>Angle between two lines</source>
        <translation>Winkel zwischen zwei Linien</translation>
    </message>
    <message>
        <source>Area within a line</source>
        <translation>Fläche innerhalb einer Linie</translation>
    </message>
    <message>
        <source>Mean and SD in a circle</source>
        <translation>Mittelwert und SD in einem Kreis</translation>
    </message>
    <message>
        <source>Delete the measurement</source>
        <translation>Messung löschen</translation>
    </message>
    <message>
        <source>Delete all measurements</source>
        <translation>Alle Messungen löschen</translation>
    </message>
    <message>
        <source>Turn clockwise</source>
        <translation>Im Uhrzeigersinn drehen</translation>
    </message>
    <message>
        <source>Turn anticlockwise</source>
        <translation>Gegen den Uhrzeigersinn drehen</translation>
    </message>
    <message>
        <source>Flip left and right</source>
        <translation>Links und rechts spiegeln</translation>
    </message>
    <message>
        <source>Flip top and bottom</source>
        <translation>Oben und unten spiegeln</translation>
    </message>
    <message>
        <source>Standard view, or as stored</source>
        <translation>Standardansicht, oder wie gespeichert</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederholen</translation>
    </message>
    <message>
        <source>Revert this slice</source>
        <translation>Diese Schicht zurücksetzen</translation>
    </message>
    <message>
        <source>Copy to the next slice</source>
        <translation>In die nächste Schicht kopieren</translation>
    </message>
    <message>
        <source>Copy to the previous slice</source>
        <translation>In die vorige Schicht kopieren</translation>
    </message>
    <message>
        <source>Copy to the next frame</source>
        <translation>In die nächste Phase kopieren</translation>
    </message>
    <message>
        <source>Copy to the previous frame</source>
        <translation>In die vorige Phase kopieren</translation>
    </message>
    <message>
        <source>Copy the contours of the frame after</source>
        <translation>Konturen der nächsten Phase übernehmen</translation>
    </message>
    <message>
        <source>Interpolate between corrected slices</source>
        <translation>Zwischen korrigierten Schichten interpolieren</translation>
    </message>
    <message>
        <source>Interpolate between corrected frames</source>
        <translation>Zwischen korrigierten Phasen interpolieren</translation>
    </message>
    <message>
        <source>Carry through the cine</source>
        <translation>Durch das Cine übertragen</translation>
    </message>
    <message>
        <source>Fill holes of the structure</source>
        <translation>Löcher der Struktur füllen</translation>
    </message>
    <message>
        <source>Smooth the structure</source>
        <translation>Struktur glätten</translation>
    </message>
    <message>
        <source>Clear the structure</source>
        <translation>Struktur löschen</translation>
    </message>
    <message>
        <source>Clear all structures</source>
        <translation>Alle Strukturen löschen</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pinsel</translation>
    </message>
    <message>
        <source>Draw a line and fill it</source>
        <translation>Linie ziehen und füllen</translation>
    </message>
    <message>
        <source>Push contours</source>
        <translation>Konturen schieben</translation>
    </message>
    <message>
        <source>Drag points of the outline</source>
        <translation>Punkte der Kontur ziehen</translation>
    </message>
    <message>
        <source>Brush or eraser</source>
        <translation>Pinsel oder Radierer</translation>
    </message>
    <message>
        <source>Brush stops at edges</source>
        <translation>Pinsel hält an Kanten</translation>
    </message>
    <message>
        <source>Keep myocardium around the cavity</source>
        <translation>Myokard um die Höhle erhalten</translation>
    </message>
    <message>
        <source>Draw the LV cavity</source>
        <translation>LV-Kavum zeichnen</translation>
    </message>
    <message>
        <source>Draw the LV myocardium</source>
        <translation>LV-Myokard zeichnen</translation>
    </message>
    <message>
        <source>Draw the RV cavity</source>
        <translation>RV-Kavum zeichnen</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Kleinerer Pinsel</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Größerer Pinsel</translation>
    </message>
    <message>
        <source>Copy the contours of the slice before</source>
        <translation>Konturen der vorigen Schicht übernehmen</translation>
    </message>
    <message>
        <source>Copy the contours of the slice after</source>
        <translation>Konturen der nächsten Schicht übernehmen</translation>
    </message>
    <message>
        <source>Copy the contours of the frame before</source>
        <translation>Konturen der vorigen Phase übernehmen</translation>
    </message>
    <message>
        <source>Find a command…</source>
        <translation>Befehl suchen …</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasten und Maus</translation>
    </message>
    <message>
        <source>About CineQuant</source>
        <translation>Über CineQuant</translation>
    </message>
    <message>
        <source>Leave this slice out, or take it in again</source>
        <translation>Diese Schicht auslassen oder wieder aufnehmen</translation>
    </message>
    <message>
        <source>Leave it out or take it in, in every frame</source>
        <translation>In allen Phasen auslassen oder aufnehmen</translation>
    </message>
    <message>
        <source>Leave out or take in: LV cavity</source>
        <translation>Auslassen oder aufnehmen: LV-Kavum</translation>
    </message>
    <message>
        <source>Leave out or take in: LV myocardium</source>
        <translation>Auslassen oder aufnehmen: LV-Myokard</translation>
    </message>
    <message>
        <source>Leave out or take in: RV cavity</source>
        <translation>Auslassen oder aufnehmen: RV-Kavum</translation>
    </message>
    <message>
        <source>Take all slices in again</source>
        <translation>Alle Schichten wieder aufnehmen</translation>
    </message>
    <message>
        <source>Base: all slices with labels</source>
        <translation>Basis: alle Schichten mit Konturen</translation>
    </message>
    <message>
        <source>Base: where myocardium surrounds half of the blood (SCMR)</source>
        <translation>Basis: wo Myokard das Blut zur Hälfte umgibt (SCMR)</translation>
    </message>
    <message>
        <source>Papillary muscles: as labelled</source>
        <translation>Papillarmuskeln: wie konturiert</translation>
    </message>
    <message>
        <source>Papillary muscles: as cavity (convex hull)</source>
        <translation>Papillarmuskeln: als Kavum (konvexe Hülle)</translation>
    </message>
    <message>
        <source>Papillary muscles: as myocardium (by grey value)</source>
        <translation>Papillarmuskeln: als Myokard (nach Grauwert)</translation>
    </message>
    <message>
        <source>This frame is end-diastole</source>
        <translation>Diese Phase ist die Enddiastole</translation>
    </message>
    <message>
        <source>This frame is end-systole</source>
        <translation>Diese Phase ist die Endsystole</translation>
    </message>
    <message>
        <source>Own phases for the right ventricle</source>
        <translation>Eigene Phasen für den rechten Ventrikel</translation>
    </message>
    <message>
        <source>This frame is end-diastole of the RV</source>
        <translation>Diese Phase ist die Enddiastole des RV</translation>
    </message>
    <message>
        <source>This frame is end-systole of the RV</source>
        <translation>Diese Phase ist die Endsystole des RV</translation>
    </message>
    <message>
        <source>Phases as found by rule</source>
        <translation>Phasen nach der Regel</translation>
    </message>
    <message>
        <source>Areas of the slices…</source>
        <translation>Flächen der Schichten …</translation>
    </message>
    <message>
        <source>Patient…</source>
        <translation>Patient …</translation>
    </message>
    <message>
        <source>Indices and normal ranges</source>
        <translation>Indizes und Normbereiche</translation>
    </message>
    <message>
        <source>Filling and ejection rates</source>
        <translation>Füllungs- und Auswurfraten</translation>
    </message>
    <message>
        <source>Wall by segment</source>
        <translation>Wand nach Segmenten</translation>
    </message>
    <message>
        <source>Model, corrected and mask side by side</source>
        <translation>Modell, Korrektur und Maske nebeneinander</translation>
    </message>
    <message>
        <source>float32 − int8, beside readers</source>
        <translation>float32 − int8 neben Befundern</translation>
    </message>
    <message>
        <source>Find the insertions again</source>
        <translation>Ansätze neu suchen</translation>
    </message>
</context>
<context>
    <name>Agreement</name>
    <message>
        <source>{precision} and mask</source>
        <translation>{precision} und Maske</translation>
    </message>
    <message>
        <source>Two segmentations are compared here: open a scan</source>
        <translation>Hier werden zwei Segmentierungen verglichen: Untersuchung öffnen</translation>
    </message>
    <message>
        <source>Comparing…</source>
        <translation>Vergleich läuft …</translation>
    </message>
    <message>
        <source>The mask is not of this frame: go to frame {number}</source>
        <translation>Die Maske gehört nicht zu dieser Phase: zu Phase {number} wechseln</translation>
    </message>
    <message>
        <source>No HD95: spacing unknown</source>
        <translation>Kein HD95: Voxelgröße unbekannt</translation>
    </message>
    <message>
        <source>corrected and mask</source>
        <translation>korrigiert und Maske</translation>
    </message>
    <message>
        <source>Agreement of the two segmentations</source>
        <translation>Übereinstimmung der beiden Segmentierungen</translation>
    </message>
    <message>
        <source>Loaded mask</source>
        <translation>Geladene Maske</translation>
    </message>
    <message>
        <source>Corrected, mask</source>
        <translation>Korrigiert, Maske</translation>
    </message>
    <message>
        <source>Dice of each slice</source>
        <translation>Dice je Schicht</translation>
    </message>
    <message>
        <source>Frame</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>{structure}: Dice {dice}, HD95 {distance} mm</source>
        <translation>{structure}: Dice {dice}, HD95 {distance} mm</translation>
    </message>
</context>
<context>
    <name>Annotation</name>
    <message>
        <source>Measured on the image</source>
        <translation>Im Bild gemessen</translation>
    </message>
    <message>
        <source>Delete the measurement (Delete)</source>
        <translation>Messung löschen (Entf)</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>Länge</translation>
    </message>
    <message>
        <source>Angle</source>
        <translation>Winkel</translation>
    </message>
    <message>
        <source>Area</source>
        <translation>Fläche</translation>
    </message>
    <message>
        <source>Region</source>
        <translation>Bereich</translation>
    </message>
    <message>
        <source>slice {slice}, frame {frame}</source>
        <translation>Schicht {slice}, Phase {frame}</translation>
    </message>
</context>
<context>
    <name>Annotations</name>
    <message>
        <source>{distance} mm from the first slice</source>
        <translation>{distance} mm von der ersten Schicht</translation>
    </message>
    <message>
        <source>Position {position} mm</source>
        <translation>Position {position} mm</translation>
    </message>
    <message>
        <source>Phase {phase}  ({number} / {total})</source>
        <translation>Phase {phase}  ({number} / {total})</translation>
    </message>
    <message>
        <source>Trigger time {time} ms</source>
        <translation>Triggerzeit {time} ms</translation>
    </message>
    <message>
        <source>Slice {number} / {total}</source>
        <translation>Schicht {number} / {total}</translation>
    </message>
    <message>
        <source>Frame {number} / {total}</source>
        <translation>Phase {number} / {total}</translation>
    </message>
    <message>
        <source>provisional outlines</source>
        <translation>vorläufige Konturen</translation>
    </message>
    <message>
        <source>this slice is not segmented</source>
        <translation>diese Schicht ist nicht segmentiert</translation>
    </message>
    <message>
        <source>this slice is still to come</source>
        <translation>diese Schicht folgt noch</translation>
    </message>
    <message>
        <source>mask</source>
        <translation>Maske</translation>
    </message>
    <message>
        <source>{mask}, not of this frame</source>
        <translation>{mask}, nicht von dieser Phase</translation>
    </message>
    <message>
        <source>outlines hidden (H)</source>
        <translation>Konturen ausgeblendet (H)</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s) left out by the reader</source>
        <translation>
            <numerusform>%n Schicht vom Befunder ausgelassen</numerusform>
            <numerusform>%n Schichten vom Befunder ausgelassen</numerusform>
        </translation>
    </message>
    <message>
        <source>left out by the reader: this slice</source>
        <translation>vom Befunder ausgelassen: diese Schicht</translation>
    </message>
    <message>
        <source>left out by the reader: {structures}</source>
        <translation>vom Befunder ausgelassen: {structures}</translation>
    </message>
    <message>
        <source>not counted, open base: this slice</source>
        <translation>zählt nicht, offene Basis: diese Schicht</translation>
    </message>
    <message>
        <source>not counted, open base: {structures}</source>
        <translation>zählt nicht, offene Basis: {structures}</translation>
    </message>
    <message numerus="yes">
        <source>%n pixel(s)</source>
        <translation>
            <numerusform>%n Pixel</numerusform>
            <numerusform>%n Pixel</numerusform>
        </translation>
    </message>
    <message>
        <source>none in this slice</source>
        <translation>keine in dieser Schicht</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>Einen Moment …</translation>
    </message>
    <message>
        <source>or open files with Ctrl+O, a folder with Ctrl+Shift+O</source>
        <translation>oder Dateien mit Strg+O, einen Ordner mit Strg+Umschalt+O öffnen</translation>
    </message>
    <message>
        <source>Drop a scan here</source>
        <translation>Untersuchung hier ablegen</translation>
    </message>
    <message>
        <source>orientation unknown</source>
        <translation>Orientierung unbekannt</translation>
    </message>
    <message>
        <source>spacing unknown</source>
        <translation>Voxelgröße unbekannt</translation>
    </message>
    <message>
        <source>dashed: taken in another position, may be off</source>
        <translation>gestrichelt: in anderer Lage aufgenommen, kann verschoben sein</translation>
    </message>
    <message>
        <source>still loading: {done} of {total} images</source>
        <translation>wird noch geladen: {done} von {total} Bildern</translation>
    </message>
    <message>
        <source>W {width}   L {centre}</source>
        <translation>W {width}   C {centre}</translation>
    </message>
    <message>
        <source>inverted</source>
        <translation>invertiert</translation>
    </message>
    <message>
        <source>{value}  at  {column}, {row}</source>
        <translation>{value}  bei  {column}, {row}</translation>
    </message>
</context>
<context>
    <name>Archive</name>
    <message>
        <source>Archive</source>
        <translation>Archiv</translation>
    </message>
    <message>
        <source>any</source>
        <translation>alle</translation>
    </message>
    <message>
        <source>name or ID</source>
        <translation>Name oder ID</translation>
    </message>
    <message>
        <source>words of its description</source>
        <translation>Wörter der Beschreibung</translation>
    </message>
    <message>
        <source>YYYY-MM-DD</source>
        <translation>JJJJ-MM-TT</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>Study</source>
        <translation>Studie</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>To</source>
        <translation>Bis</translation>
    </message>
    <message>
        <source>Modality</source>
        <translation>Modalität</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>{text} is no day as 2024-02-29.</source>
        <translation>{text} ist kein Tag wie 2024-02-29.</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>Suche läuft …</translation>
    </message>
    <message>
        <source>Nothing matches.</source>
        <translation>Nichts gefunden.</translation>
    </message>
    <message>
        <source>{number} of very many studies, perhaps not the newest: narrow the search.</source>
        <translation>{number} von sehr vielen Studien, vielleicht nicht die neuesten: die Suche eingrenzen.</translation>
    </message>
    <message>
        <source>The newest {number} studies. More match: narrow the search.</source>
        <translation>Die neuesten {number} Studien. Es gibt mehr: Suche eingrenzen.</translation>
    </message>
    <message>
        <source>{number} found, the newest first.</source>
        <translation>{number} gefunden, die neueste zuerst.</translation>
    </message>
    <message>
        <source>Remove fetched studies…</source>
        <translation>Geholte Studien entfernen …</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Fetch and open</source>
        <translation>Holen und öffnen</translation>
    </message>
    <message>
        <source>Fetched studies</source>
        <translation>Geholte Studien</translation>
    </message>
    <message>
        <source>Remove all…</source>
        <translation>Alle entfernen …</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>Entfernen …</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Remove the fetched study of {patient}?</source>
        <translation>Die geholte Studie von {patient} entfernen?</translation>
    </message>
    <message>
        <source>Cases saved from it will ask for their scan. The archive keeps its own copy of the study.</source>
        <translation>Fälle, die daraus gespeichert wurden, fragen dann nach ihrer Aufnahme. Das Archiv behält seine eigene Kopie der Studie.</translation>
    </message>
    <message>
        <source>Remove every fetched study from this computer?</source>
        <translation>Alle geholten Studien von diesem Computer entfernen?</translation>
    </message>
    <message>
        <source>Cases saved from them will ask for their scans. The archive keeps its own copies.</source>
        <translation>Fälle, die daraus gespeichert wurden, fragen dann nach ihren Aufnahmen. Das Archiv behält seine eigenen Kopien.</translation>
    </message>
    <message>
        <source>{new} images fetched; {there} were here already.</source>
        <translation>{new} Bilder geholt; {there} waren schon hier.</translation>
    </message>
    <message>
        <source>{done} of {total} images</source>
        <translation>{done} von {total} Bildern</translation>
    </message>
    <message>
        <source>Stopped. What has arrived is not fetched again.</source>
        <translation>Angehalten. Was angekommen ist, wird nicht noch einmal geholt.</translation>
    </message>
    <message>
        <source>Fetched studies: {used} of {limit} GB</source>
        <translation>Geholte Studien: {used} von {limit} GB</translation>
    </message>
    <message>
        <source>Studies found</source>
        <translation>Gefundene Studien</translation>
    </message>
    <message>
        <source>Unnamed patient</source>
        <translation>Patient ohne Namen</translation>
    </message>
    <message>
        <source>{number} images</source>
        <translation>{number} Bilder</translation>
    </message>
    <message>
        <source>Segmentation of all frames as DICOM SEG</source>
        <translation>Segmentierung aller Bilder als DICOM-SEG</translation>
    </message>
    <message>
        <source>Measurements as structured report</source>
        <translation>Messwerte als Structured Report</translation>
    </message>
    <message>
        <source>The report as PDF</source>
        <translation>Der Befund als PDF</translation>
    </message>
    <message>
        <source>Contours of ED and ES as RT structure set</source>
        <translation>Konturen von ED und ES als RT-Struktursatz</translation>
    </message>
    <message>
        <source>Send to archive</source>
        <translation>Ins Archiv senden</translation>
    </message>
    <message>
        <source>What is sent belongs to the study of the scan on screen and names its patient, as the scan does.</source>
        <translation>Was gesendet wird, gehört zur Studie der gezeigten Aufnahme und nennt deren Patienten wie die Aufnahme selbst.</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>Senden</translation>
    </message>
    <message>
        <source>Family, Given; the structured report names it</source>
        <translation>Name, Vorname; steht im Structured Report</translation>
    </message>
    <message>
        <source>Read by</source>
        <translation>Befundet von</translation>
    </message>
    <message>
        <source>{name} has stored {number} objects.</source>
        <translation>{name} hat {number} Objekte gespeichert.</translation>
    </message>
    <message>
        <source>Making the objects</source>
        <translation>Objekte werden erstellt</translation>
    </message>
    <message>
        <source>{done} of {total} objects</source>
        <translation>{done} von {total} Objekten</translation>
    </message>
    <message>
        <source>Stopped. The archive keeps what it has stored already.</source>
        <translation>Angehalten. Das Archiv behält, was es schon gespeichert hat.</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>Hinzufügen …</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>Bearbeiten …</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>The keyring did not accept the password, so you will be asked for it again.</source>
        <translation>Der Schlüsselbund hat das Passwort nicht angenommen; es wird wieder danach gefragt.</translation>
    </message>
    <message>
        <source>No archive yet. Press Add; its administrator knows the host, the port and the AE titles.</source>
        <translation>Noch kein Archiv. Auf Hinzufügen drücken; Host, Port und AE-Titel kennt dessen Administrator.</translation>
    </message>
    <message>
        <source>Remove the archive {name}? Nothing at the archive is changed.</source>
        <translation>Das Archiv {name} entfernen? Im Archiv selbst ändert sich nichts.</translation>
    </message>
    <message>
        <source>Testing…</source>
        <translation>Prüfung läuft …</translation>
    </message>
    <message>
        <source>{name} answered in {ms} ms.</source>
        <translation>{name} hat in {ms} ms geantwortet.</translation>
    </message>
    <message>
        <source>Token for {name}</source>
        <translation>Token für {name}</translation>
    </message>
    <message>
        <source>Password of {user} at {name}</source>
        <translation>Passwort von {user} bei {name}</translation>
    </message>
    <message>
        <source>Keep it in the keyring of this computer</source>
        <translation>Im Schlüsselbund dieses Computers aufbewahren</translation>
    </message>
    <message>
        <source>This computer has no keyring; nothing is written down.</source>
        <translation>Dieser Computer hat keinen Schlüsselbund; es wird nichts aufgeschrieben.</translation>
    </message>
    <message>
        <source>no sign-in</source>
        <translation>ohne Anmeldung</translation>
    </message>
    <message>
        <source>user and password</source>
        <translation>Benutzer und Passwort</translation>
    </message>
    <message>
        <source>token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>Host</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>Port</translation>
    </message>
    <message>
        <source>Its AE title</source>
        <translation>Sein AE-Titel</translation>
    </message>
    <message>
        <source>AE title of this computer</source>
        <translation>AE-Titel dieses Computers</translation>
    </message>
    <message>
        <source>on the same connection (C-GET)</source>
        <translation>über dieselbe Verbindung (C-GET)</translation>
    </message>
    <message>
        <source>to a receiver of this computer (C-MOVE)</source>
        <translation>an einen Empfänger dieses Computers (C-MOVE)</translation>
    </message>
    <message>
        <source>Sends images</source>
        <translation>Schickt Bilder</translation>
    </message>
    <message>
        <source>Port of the receiver</source>
        <translation>Port des Empfängers</translation>
    </message>
    <message>
        <source>Sign-in</source>
        <translation>Anmeldung</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Benutzer</translation>
    </message>
    <message>
        <source>Encrypt the connection (TLS)</source>
        <translation>Verbindung verschlüsseln (TLS)</translation>
    </message>
    <message>
        <source>Certificate authority</source>
        <translation>Zertifizierungsstelle</translation>
    </message>
    <message>
        <source>Certificate of this computer</source>
        <translation>Zertifikat dieses Computers</translation>
    </message>
    <message>
        <source>Its key</source>
        <translation>Schlüssel dazu</translation>
    </message>
    <message>
        <source>Time limit, s</source>
        <translation>Zeitgrenze, s</translation>
    </message>
    <message>
        <source>another archive has this name</source>
        <translation>ein anderes Archiv heißt so</translation>
    </message>
    <message>
        <source>Names and images go over the network unencrypted: only for a network you trust.</source>
        <translation>Namen und Bilder gehen unverschlüsselt durchs Netz: nur in einem Netz, dem Sie vertrauen.</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Auswählen …</translation>
    </message>
    <message>
        <source>Fetching</source>
        <translation>Holen</translation>
    </message>
    <message>
        <source>Sending</source>
        <translation>Senden</translation>
    </message>
</context>
<context>
    <name>Areas</name>
    <message>
        <source>Areas of the slices</source>
        <translation>Flächen der Schichten</translation>
    </message>
    <message>
        <source>Areas in cm² by slice and phase</source>
        <translation>Flächen in cm² nach Schicht und Phase</translation>
    </message>
    <message>
        <source>In brackets: does not count.</source>
        <translation>In Klammern: zählt nicht.</translation>
    </message>
    <message>
        <source>Leave out or take in</source>
        <translation>Auslassen oder aufnehmen</translation>
    </message>
    <message>
        <source>This structure on this slice, in this frame (Space)</source>
        <translation>Diese Struktur auf dieser Schicht, in dieser Phase (Leertaste)</translation>
    </message>
    <message>
        <source>In every frame</source>
        <translation>In allen Phasen</translation>
    </message>
    <message>
        <source>This structure on this slice, in every frame</source>
        <translation>Diese Struktur auf dieser Schicht, in allen Phasen</translation>
    </message>
    <message>
        <source>Nothing is measured yet.</source>
        <translation>Noch ist nichts gemessen.</translation>
    </message>
    <message>
        <source>Areas in cm², sums in mL. Click to go to a slice.</source>
        <translation>Flächen in cm², Summen in mL. Ein Klick führt zur Schicht.</translation>
    </message>
    <message>
        <source>Spacing unknown: areas and sums assume 1 mm.</source>
        <translation>Abstände unbekannt: Flächen und Summen nehmen 1 mm an.</translation>
    </message>
    <message>
        <source>Sum</source>
        <translation>Summe</translation>
    </message>
</context>
<context>
    <name>Autosaving</name>
    <message>
        <source>{reason}. Changes are not autosaved until this is fixed; save the case somewhere else.</source>
        <translation>{reason}. Bis das behoben ist, werden Änderungen nicht automatisch gesichert; den Fall woanders speichern.</translation>
    </message>
    <message>
        <source>Another window has recovered this case already.</source>
        <translation>Ein anderes Fenster hat diesen Fall schon wiederhergestellt.</translation>
    </message>
</context>
<context>
    <name>Cases</name>
    <message>
        <source>Recover unsaved changes</source>
        <translation>Ungespeicherte Änderungen wiederherstellen</translation>
    </message>
    <message>
        <source>CineQuant was not closed properly. It kept unsaved changes to these cases:</source>
        <translation>CineQuant wurde nicht ordentlich beendet. Von diesen Fällen hat es ungespeicherte Änderungen aufbewahrt:</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>Später</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>Aufnahme</translation>
    </message>
    <message numerus="yes">
        <source>%n corrected slice(s)</source>
        <translation>
            <numerusform>%n korrigierte Schicht</numerusform>
            <numerusform>%n korrigierte Schichten</numerusform>
        </translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Discard for good?</source>
        <translation>Endgültig verwerfen?</translation>
    </message>
    <message>
        <source>Where is the scan of this case?</source>
        <translation>Wo liegt die Aufnahme zu diesem Fall?</translation>
    </message>
    <message>
        <source>The scan is not where it was. Choose it; it is compared with the case.</source>
        <translation>Sie liegt nicht mehr, wo sie war. Die gewählte Aufnahme wird mit dem Fall verglichen.</translation>
    </message>
    <message>
        <source>{name} is no longer at {path}. Choose the scan; it is compared with the case.</source>
        <translation>{name} liegt nicht mehr unter {path}. Die gewählte Aufnahme wird mit dem Fall verglichen.</translation>
    </message>
    <message>
        <source>Choose files…</source>
        <translation>Dateien wählen …</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>Ordner wählen …</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message numerus="yes">
        <source>Unsaved changes in %n case(s).</source>
        <translation>
            <numerusform>Ungespeicherte Änderungen in %n Fall.</numerusform>
            <numerusform>Ungespeicherte Änderungen in %n Fällen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save case</source>
        <translation>Fall speichern</translation>
    </message>
    <message>
        <source>Another reader&apos;s case of this scan</source>
        <translation>Fall eines anderen Befunders zu dieser Aufnahme</translation>
    </message>
    <message>
        <source>The scan of the case</source>
        <translation>Die Aufnahme des Falls</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>Fall</translation>
    </message>
    <message>
        <source>CineQuant cases (*{ending})</source>
        <translation>CineQuant-Fälle (*{ending})</translation>
    </message>
</context>
<context>
    <name>Charts</name>
    <message>
        <source>Latency of each slice</source>
        <translation>Rechenzeit jeder Schicht</translation>
    </message>
    <message>
        <source>Left: every slice as a dot, in the order computed, and the median of its neighbours as a line. Right: how often each latency occurred; the solid line is the median (p50), the dashed one the 95th percentile (p95).</source>
        <translation>Links: jede Schicht als Punkt in der Reihenfolge der Berechnung, dazu der Median der Nachbarn als Linie. Rechts: Häufigkeit der Rechenzeiten; die durchgezogene Linie ist der Median (p50), die gestrichelte das 95. Perzentil (p95).</translation>
    </message>
    <message>
        <source>{precision}: median {p50} ms, 95th percentile {p95} ms</source>
        <translation>{precision}: Median {p50} ms, 95. Perzentil {p95} ms</translation>
    </message>
    <message>
        <source>ms per slice</source>
        <translation>ms je Schicht</translation>
    </message>
    <message>
        <source>how often</source>
        <translation>Häufigkeit</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s)</source>
        <translation>
            <numerusform>%n Schicht</numerusform>
            <numerusform>%n Schichten</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>CineBar</name>
    <message>
        <source>Play or pause (Space)</source>
        <translation>Wiedergabe oder Pause (Leertaste)</translation>
    </message>
    <message>
        <source>Frame</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Speed of the cine</source>
        <translation>Geschwindigkeit der Cine-Wiedergabe</translation>
    </message>
    <message>
        <source>Loop</source>
        <translation>Schleife</translation>
    </message>
    <message>
        <source>Sweep</source>
        <translation>Pendeln</translation>
    </message>
    <message>
        <source>Way of the cine</source>
        <translation>Art der Cine-Wiedergabe</translation>
    </message>
    <message>
        <source>Round and round, or to and fro (B)</source>
        <translation>Im Kreis oder vor und zurück (B)</translation>
    </message>
    <message>
        <source>ED beside ES stands still; one slice (1) plays</source>
        <translation>ED neben ES steht still; eine Schicht (1) läuft</translation>
    </message>
    <message>
        <source>{side}: counts</source>
        <translation>{side}: zählt</translation>
    </message>
    <message>
        <source>{side}: does not count</source>
        <translation>{side}: zählt nicht</translation>
    </message>
    <message>
        <source>base</source>
        <translation>Basis</translation>
    </message>
    <message>
        <source>apex</source>
        <translation>Apex</translation>
    </message>
    <message>
        <source>Phase</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>single</source>
        <translation>einzeln</translation>
    </message>
    <message>
        <source>{rate} fps</source>
        <translation>{rate} fps</translation>
    </message>
    <message>
        <source>The file does not say how fast the heart beat</source>
        <translation>Die Datei nennt die Herzfrequenz nicht</translation>
    </message>
</context>
<context>
    <name>Cines</name>
    <message>
        <source>{chambers}-chamber view</source>
        <translation>{chambers}-Kammerblick</translation>
    </message>
    <message>
        <source>Long axis</source>
        <translation>Lange Achse</translation>
    </message>
    <message>
        <source>lines are off where the patient moved</source>
        <translation>Bewegung des Patienten verschiebt die Linien</translation>
    </message>
    <message>
        <source>taken in another position: lines may be off</source>
        <translation>in anderer Lage aufgenommen: Linien können verschoben sein</translation>
    </message>
    <message>
        <source>Long axes of the study</source>
        <translation>Lange Achsen der Studie</translation>
    </message>
    <message>
        <source>Reading the long axes…</source>
        <translation>Lange Achsen werden gelesen …</translation>
    </message>
    <message>
        <source>The orientation of the slices is not known</source>
        <translation>Die Lage der Schichten ist nicht bekannt</translation>
    </message>
    <message>
        <source>Long axes cannot be placed. Key 5 cuts two planes out of the stack.</source>
        <translation>Lange Achsen lassen sich nicht zuordnen. Taste 5 schneidet zwei Ebenen aus dem Stapel.</translation>
    </message>
    <message>
        <source>No cine of this study crosses the slices</source>
        <translation>Kein Cine dieser Studie schneidet die Schichten</translation>
    </message>
    <message>
        <source>Key 5 cuts two planes out of the stack.</source>
        <translation>Taste 5 schneidet zwei Ebenen aus dem Stapel.</translation>
    </message>
    <message>
        <source>No long-axis cine in this study</source>
        <translation>Kein Cine der langen Achse in dieser Studie</translation>
    </message>
    <message>
        <source>Open the folder of the whole study. Key 1 shows this slice.</source>
        <translation>Ordner der ganzen Studie öffnen. Taste 1 zeigt diese Schicht.</translation>
    </message>
    <message>
        <source>Open the folder of the whole study. Key 5 cuts two planes out of the stack.</source>
        <translation>Ordner der ganzen Studie öffnen. Taste 5 schneidet zwei Ebenen aus dem Stapel.</translation>
    </message>
</context>
<context>
    <name>Colours</name>
    <message>
        <source>Vermilion</source>
        <translation>Zinnoberrot</translation>
    </message>
    <message>
        <source>Yellow</source>
        <translation>Gelb</translation>
    </message>
    <message>
        <source>Sky blue</source>
        <translation>Himmelblau</translation>
    </message>
    <message>
        <source>Amber</source>
        <translation>Bernstein</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>Grün</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>Blau</translation>
    </message>
    <message>
        <source>Pink</source>
        <translation>Rosa</translation>
    </message>
    <message>
        <source>{structure} and {other} would have nearly the same colour; choose another.</source>
        <translation>{structure} und {other} hätten fast dieselbe Farbe; bitte eine andere wählen.</translation>
    </message>
    <message>
        <source>{structure}: this colour hardly stands out on a grey picture.</source>
        <translation>{structure}: Diese Farbe hebt sich von einem grauen Bild kaum ab.</translation>
    </message>
    <message>
        <source>{structure} and {other} now look alike with some kind of colour blindness.</source>
        <translation>{structure} und {other} sehen bei mancher Farbenblindheit nun gleich aus.</translation>
    </message>
</context>
<context>
    <name>ContactSheet</name>
    <message>
        <source>All slices</source>
        <translation>Alle Schichten</translation>
    </message>
</context>
<context>
    <name>Contours</name>
    <message numerus="yes">
        <source>Interpolated: %n slice(s). Undo takes all of them back.</source>
        <translation>
            <numerusform>Interpoliert: %n Schicht. Rückgängig nimmt sie zurück.</numerusform>
            <numerusform>Interpoliert: %n Schichten. Rückgängig nimmt alle zurück.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Correcting</name>
    <message>
        <source>Nothing to correct yet: open a scan and wait until it is segmented.</source>
        <translation>Noch nichts zu korrigieren: Aufnahme öffnen und die Segmentierung abwarten.</translation>
    </message>
    <message>
        <source>No mask is loaded: load the one to correct first.</source>
        <translation>Keine Maske geladen: zuerst die laden, die korrigiert werden soll.</translation>
    </message>
    <message>
        <source>Corrections are not saved yet: save the case or revert them first.</source>
        <translation>Korrekturen sind noch nicht gespeichert: zuerst den Fall speichern oder sie zurücknehmen.</translation>
    </message>
    <message numerus="yes">
        <source>Not saved yet: %n corrected slice(s) of {scan}.</source>
        <translation>
            <numerusform>Noch nicht gespeichert: %n korrigierte Schicht von {scan}.</numerusform>
            <numerusform>Noch nicht gespeichert: %n korrigierte Schichten von {scan}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Kept until CineQuant is closed; open the scan again to go on.</source>
        <translation>Sie bleiben erhalten, bis CineQuant geschlossen wird; zum Weitermachen die Aufnahme wieder öffnen.</translation>
    </message>
    <message numerus="yes">
        <source>Kept: %n corrected slice(s) of {model} {precision}.</source>
        <translation>
            <numerusform>Erhalten: %n korrigierte Schicht von {model} {precision}.</numerusform>
            <numerusform>Erhalten: %n korrigierte Schichten von {model} {precision}.</numerusform>
        </translation>
    </message>
    <message>
        <source>Choose it again to see and export them.</source>
        <translation>Zum Ansehen und Exportieren wieder wählen.</translation>
    </message>
    <message numerus="yes">
        <source>corrected by hand: %n slice(s)</source>
        <translation>
            <numerusform>von Hand korrigiert: %n Schicht</numerusform>
            <numerusform>von Hand korrigiert: %n Schichten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>corrected by hand: %n other slice(s)</source>
        <translation>
            <numerusform>von Hand korrigiert: %n andere Schicht</numerusform>
            <numerusform>von Hand korrigiert: %n andere Schichten</numerusform>
        </translation>
    </message>
    <message>
        <source>corrected by hand: this slice</source>
        <translation>von Hand korrigiert: diese Schicht</translation>
    </message>
    <message numerus="yes">
        <source>corrected by hand: this slice and %n other(s)</source>
        <translation>
            <numerusform>von Hand korrigiert: diese Schicht und %n andere</numerusform>
            <numerusform>von Hand korrigiert: diese Schicht und %n andere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Correction</name>
    <message>
        <source>Eraser (X)</source>
        <translation>Radierer (X)</translation>
    </message>
    <message>
        <source>Correct contours</source>
        <translation>Konturen korrigieren</translation>
    </message>
    <message>
        <source>Correct contours by hand (E)</source>
        <translation>Konturen von Hand korrigieren (E)</translation>
    </message>
    <message>
        <source>Smaller brush (- or Ctrl + wheel)</source>
        <translation>Kleinerer Pinsel (- oder Strg + Mausrad)</translation>
    </message>
    <message>
        <source>Larger brush (+ or Ctrl + wheel)</source>
        <translation>Größerer Pinsel (+ oder Strg + Mausrad)</translation>
    </message>
    <message>
        <source>Radius of the brush</source>
        <translation>Radius des Pinsels</translation>
    </message>
    <message>
        <source>Undo (Ctrl+Z)</source>
        <translation>Rückgängig (Strg+Z)</translation>
    </message>
    <message>
        <source>Redo (Ctrl+Shift+Z)</source>
        <translation>Wiederholen (Strg+Umschalt+Z)</translation>
    </message>
    <message>
        <source>Revert this slice to what the model found</source>
        <translation>Diese Schicht auf das Ergebnis des Modells zurücksetzen</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Brush (A, X)</source>
        <translation>Pinsel (A, X)</translation>
    </message>
    <message>
        <source>Draw a line and fill it (G)</source>
        <translation>Linie ziehen und füllen (G)</translation>
    </message>
    <message>
        <source>Push contours (U)</source>
        <translation>Konturen schieben (U)</translation>
    </message>
    <message>
        <source>Drag points of the outline (K)</source>
        <translation>Punkte der Kontur ziehen (K)</translation>
    </message>
    <message>
        <source>Draw around an area: it is closed and filled. Shift removes it.</source>
        <translation>Fläche umfahren; sie wird geschlossen und gefüllt. Umschalt nimmt sie weg.</translation>
    </message>
    <message>
        <source>Push the contours with the left button; Ctrl for contrast.</source>
        <translation>Konturen mit der linken Taste schieben; Strg für Kontrast.</translation>
    </message>
    <message>
        <source>Drag a point; click on the line for a new one; Shift + click removes one.</source>
        <translation>Punkt ziehen; Klick auf die Linie setzt einen neuen, Umschalt + Klick entfernt einen.</translation>
    </message>
    <message>
        <source>The brush stops at edges (J)</source>
        <translation>Der Pinsel hält an Kanten (J)</translation>
    </message>
    <message>
        <source>Keep myocardium around the cavity (Y)</source>
        <translation>Myokard um die Höhle erhalten (Y)</translation>
    </message>
    <message>
        <source>Finish correcting (Escape)</source>
        <translation>Korrektur beenden (Esc)</translation>
    </message>
    <message>
        <source>Copy, interpolate, fill, smooth, clear</source>
        <translation>Kopieren, interpolieren, füllen, glätten, löschen</translation>
    </message>
    <message>
        <source>Corrected</source>
        <translation>Korrigiert</translation>
    </message>
    <message>
        <source>From the model</source>
        <translation>Vom Modell</translation>
    </message>
    <message>
        <source>Whose contours are drawn</source>
        <translation>Wessen Konturen gezeichnet sind</translation>
    </message>
    <message>
        <source>Corrected contours, or those that the model found (O)</source>
        <translation>Korrigierte Konturen oder die vom Modell gefundenen (O)</translation>
    </message>
    <message>
        <source>{radius} px</source>
        <translation>{radius} px</translation>
    </message>
    <message>
        <source>{radius} mm</source>
        <translation>{radius} mm</translation>
    </message>
    <message>
        <source>Undo: {what} (Ctrl+Z)</source>
        <translation>Rückgängig: {what} (Strg+Z)</translation>
    </message>
    <message>
        <source>Redo: {what} (Ctrl+Shift+Z)</source>
        <translation>Wiederholen: {what} (Strg+Umschalt+Z)</translation>
    </message>
    <message>
        <source>Stop the cine to correct.</source>
        <translation>Zum Korrigieren das Cine anhalten.</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s) corrected</source>
        <translation>
            <numerusform>%n Schicht korrigiert</numerusform>
            <numerusform>%n Schichten korrigiert</numerusform>
        </translation>
    </message>
    <message>
        <source>unsaved</source>
        <translation>ungespeichert</translation>
    </message>
    <message>
        <source>Draw with the left button; Shift for the other tool, Ctrl for contrast.</source>
        <translation>Mit der linken Taste zeichnen; Umschalt: anderes Werkzeug, Strg: Kontrast.</translation>
    </message>
    <message>
        <source>compared here is what the model found</source>
        <translation>verglichen wird hier, was das Modell fand</translation>
    </message>
    <message>
        <source>shown is what the model found</source>
        <translation>gezeigt ist, was das Modell fand</translation>
    </message>
</context>
<context>
    <name>Crash</name>
    <message>
        <source>Something went wrong in CineQuant.</source>
        <translation>In CineQuant ist ein Fehler aufgetreten.</translation>
    </message>
    <message>
        <source>This is a fault of the program, not of the scan. {saved}

The report below holds no patient data; it helps to fix the problem. What is on screen may no longer be right: close CineQuant and start it again.</source>
        <translation>Dies ist ein Fehler des Programms, nicht der Untersuchung. {saved}

Der Bericht unten enthält keine Patientendaten; er hilft, den Fehler zu beheben. Die Anzeige stimmt möglicherweise nicht mehr: CineQuant bitte schließen und neu starten.</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>Bericht kopieren</translation>
    </message>
    <message>
        <source>The mask on screen could not be saved.</source>
        <translation>Die angezeigte Maske konnte nicht gespeichert werden.</translation>
    </message>
    <message>
        <source>Could not be saved: {masks}.</source>
        <translation>Nicht gespeichert werden konnte: {masks}.</translation>
    </message>
    <message>
        <source>There was no mask to save.</source>
        <translation>Es gab keine Maske zu speichern.</translation>
    </message>
    <message>
        <source>The mask on screen was saved to {path}.</source>
        <translation>Die angezeigte Maske wurde in {path} gespeichert.</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>Wall by segment</source>
        <translation>Wand nach Segmenten</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>nicht gemessen</translation>
    </message>
    <message>
        <source>anterior</source>
        <translation>anterior</translation>
    </message>
    <message>
        <source>inferior</source>
        <translation>inferior</translation>
    </message>
    <message>
        <source>septal</source>
        <translation>septal</translation>
    </message>
    <message>
        <source>lateral</source>
        <translation>lateral</translation>
    </message>
    <message>
        <source>Indices</source>
        <translation>Indizes</translation>
    </message>
    <message>
        <source>Rates</source>
        <translation>Raten</translation>
    </message>
    <message>
        <source>Wall</source>
        <translation>Wand</translation>
    </message>
    <message>
        <source>Sources</source>
        <translation>Quellen</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Präzision</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
    <message>
        <source>Patient…</source>
        <translation>Patient …</translation>
    </message>
    <message>
        <source>ED, mm</source>
        <translation>ED, mm</translation>
    </message>
    <message>
        <source>ES, mm</source>
        <translation>ES, mm</translation>
    </message>
    <message>
        <source>Thickening, %</source>
        <translation>Verdickung, %</translation>
    </message>
    <message>
        <source>Find the insertions again</source>
        <translation>Ansätze neu suchen</translation>
    </message>
    <message>
        <source>Shown once the scan is segmented.</source>
        <translation>Folgt, sobald die Untersuchung segmentiert ist.</translation>
    </message>
    <message>
        <source>No wall to measure: it needs end-diastole, known spacing, slices with myocardium all around, and the right ventricle beside it.</source>
        <translation>Keine Wand zu messen: Nötig sind die Enddiastole, ein bekannter Voxelabstand, Schichten mit Myokard ringsum und der rechte Ventrikel daneben.</translation>
    </message>
    <message>
        <source>Insertions of the right ventricle found in the outlines: drag them on the image.</source>
        <translation>Ansätze des rechten Ventrikels aus den Konturen; im Bild verschiebbar.</translation>
    </message>
    <message>
        <source>Insertions of the right ventricle as you put them.</source>
        <translation>Ansätze des rechten Ventrikels, wie Sie sie gesetzt haben.</translation>
    </message>
    <message>
        <source>Centreline method, AHA segments. A click goes to the segment&apos;s slice.</source>
        <translation>Mittellinien-Verfahren, AHA-Segmente. Ein Klick führt zur Schicht des Segments.</translation>
    </message>
    <message>
        <source>Orientation unknown: the upper insertion is taken for the anterior one.</source>
        <translation>Ausrichtung unbekannt: Der obere Ansatz gilt als der vordere.</translation>
    </message>
    <message>
        <source>below the normal range</source>
        <translation>unter dem Normbereich</translation>
    </message>
    <message>
        <source>within the normal range</source>
        <translation>im Normbereich</translation>
    </message>
    <message>
        <source>above the normal range</source>
        <translation>über dem Normbereich</translation>
    </message>
    <message>
        <source>entered</source>
        <translation>eingegeben</translation>
    </message>
    <message>
        <source>header</source>
        <translation>Header</translation>
    </message>
    <message>
        <source>frame times</source>
        <translation>Phasenzeiten</translation>
    </message>
    <message>
        <source>female</source>
        <translation>weiblich</translation>
    </message>
    <message>
        <source>male</source>
        <translation>männlich</translation>
    </message>
    <message>
        <source>normal LV</source>
        <translation>Norm LV</translation>
    </message>
    <message>
        <source>no range</source>
        <translation>kein Bereich</translation>
    </message>
    <message>
        <source>{verdict} ({low} to {high}, {study})</source>
        <translation>{verdict} ({low} bis {high}, {study})</translation>
    </message>
    <message>
        <source>{age} years</source>
        <translation>{age} Jahre</translation>
    </message>
    <message>
        <source>BSA {area} m² ({formula})</source>
        <translation>KOF {area} m² ({formula})</translation>
    </message>
    <message>
        <source>{rate}/min ({source})</source>
        <translation>{rate}/min ({source})</translation>
    </message>
    <message>
        <source>Nothing is known of the patient.</source>
        <translation>Über den Patienten ist nichts bekannt.</translation>
    </message>
    <message>
        <source>Indices need height and weight.</source>
        <translation>Für Indizes fehlen Größe und Gewicht.</translation>
    </message>
    <message>
        <source>Output needs the heart rate.</source>
        <translation>Für das Herzzeitvolumen fehlt die Herzfrequenz.</translation>
    </message>
    <message>
        <source>↑ above, ↓ below the normal range for the sex: {studies}. Point at an RV number for its range.</source>
        <translation>↑ über, ↓ unter dem Normbereich des Geschlechts: {studies}. Der Bereich eines RV-Werts steht in seinem Hinweis.</translation>
    </message>
    <message>
        <source>{study} ({low}–{high} years)</source>
        <translation>{study} ({low}–{high} Jahre)</translation>
    </message>
    <message>
        <source>Middle third at ED: {value} mm</source>
        <translation>Mittleres Drittel in ED: {value} mm</translation>
    </message>
    <message>
        <source>{said}{arrow}, normal {low}–{high} mm by {study}.</source>
        <translation>{said}{arrow}, normal {low}–{high} mm nach {study}.</translation>
    </message>
    <message>
        <source>Steepest slopes of the volume curve, smoothed by a Fourier series of five harmonics. Times from ED and from ES.</source>
        <translation>Steilste Stellen der Volumenkurve, geglättet mit einer Fourierreihe aus fünf Harmonischen. Zeiten ab ED und ab ES.</translation>
    </message>
    <message>
        <source>Rates need a cine of at least 12 frames of one whole beat, with known order, times and spacing.</source>
        <translation>Raten brauchen eine Cine-Aufnahme eines ganzen Herzschlags mit mindestens 12 Phasen, deren Reihenfolge, Zeiten und Voxelabstand bekannt sind.</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Corrected</source>
        <translation>Korrigiert</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>Maske</translation>
    </message>
    <message>
        <source>{side} volume, phase not known, mL</source>
        <translation>{side}-Volumen, Phase unbekannt, mL</translation>
    </message>
    <message>
        <source>Load a mask of this scan (File menu) to see its numbers beside these.</source>
        <translation>Laden Sie eine Maske dieser Aufnahme (Menü Datei), um ihre Werte daneben zu sehen.</translation>
    </message>
    <message>
        <source>Mask: only frame {frame}, phase not known. Choose that frame as ED or ES to have it named.</source>
        <translation>Maske: nur Phase {frame}, nicht als ED oder ES bekannt. Wählen Sie diese Phase als ED oder ES, um sie zu benennen.</translation>
    </message>
    <message>
        <source>Mask: only frame {frame}, which is {phase} of the labels beside it.</source>
        <translation>Maske: nur Phase {frame}, die {phase} der Konturen daneben.</translation>
    </message>
    <message>
        <source>Mask measured at frame {frames}: most and least LV of its frames.</source>
        <translation>Maske gemessen in Phase {frames}: größter und kleinster LV ihrer Phasen.</translation>
    </message>
    <message>
        <source>Mask measured at frame {frames}, by the phases, slices and rules that you chose.</source>
        <translation>Maske gemessen in Phase {frames}, mit den von Ihnen gewählten Phasen, Schichten und Regeln.</translation>
    </message>
    <message>
        <source>float32 − int8</source>
        <translation>float32 − int8</translation>
    </message>
    <message>
        <source>between readers</source>
        <translation>zwischen Befundern</translation>
    </message>
    <message>
        <source>No figure that could be verified.</source>
        <translation>Kein Wert, der sich prüfen ließ.</translation>
    </message>
    <message>
        <source>CoV {range} %</source>
        <translation>VK {range} %</translation>
    </message>
    <message>
        <source>Shown once the scan is segmented in float32 and in int8.</source>
        <translation>Folgt, sobald die Untersuchung in float32 und in int8 segmentiert ist.</translation>
    </message>
    <message>
        <source>Readers: LV of seven core laboratories (Suinesiaputra 2015), RV coefficient of variability (Catalano).</source>
        <translation>Befunder: LV aus sieben Core-Labs (Suinesiaputra 2015), RV als Variationskoeffizient (Catalano).</translation>
    </message>
</context>
<context>
    <name>DeviceCheck</name>
    <message>
        <source>Checking this computer</source>
        <translation>Dieser Computer wird getestet</translation>
    </message>
    <message>
        <source>The device check waits for the segmentation</source>
        <translation>Der Gerätetest wartet auf die Segmentierung</translation>
    </message>
    <message>
        <source>Not checked yet. The check times every installed model in every precision. It takes about half a minute in the background. Nothing leaves this computer.</source>
        <translation>Noch nicht getestet. Der Test misst die Rechenzeit jedes installierten Modells in jeder Genauigkeit, etwa eine halbe Minute lang, im Hintergrund der Arbeit. Nichts verlässt diesen Computer.</translation>
    </message>
    <message>
        <source>The device check failed: {error}</source>
        <translation>Der Gerätetest ist fehlgeschlagen: {error}</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>ms per slice</source>
        <translation>ms je Schicht</translation>
    </message>
    <message>
        <source>p95, ms</source>
        <translation>p95, ms</translation>
    </message>
    <message>
        <source>Memory, MB</source>
        <translation>Speicher, MB</translation>
    </message>
    <message>
        <source>File, kB</source>
        <translation>Datei, kB</translation>
    </message>
    <message>
        <source>Executed in</source>
        <translation>Ausgeführt in</translation>
    </message>
    <message>
        <source>Dice</source>
        <translation>Dice</translation>
    </message>
    <message>
        <source>Device check</source>
        <translation>Gerätetest</translation>
    </message>
    <message>
        <source>Use the recommended</source>
        <translation>Empfehlung übernehmen</translation>
    </message>
    <message>
        <source>Check now</source>
        <translation>Jetzt testen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut testen</translation>
    </message>
    <message>
        <source>{what}: {done} of {total} steps</source>
        <translation>{what}: {done} von {total} Schritten</translation>
    </message>
    <message>
        <source>On this computer, {recommendation}</source>
        <translation>Auf diesem Computer: {recommendation}</translation>
    </message>
    <message>
        <source>Which model is best here?</source>
        <translation>Welches Modell eignet sich hier am besten?</translation>
    </message>
    <message>
        <source>{percent} % int8</source>
        <translation>{percent} % int8</translation>
    </message>
    <message>
        <source>comparison only</source>
        <translation>nur zum Vergleich</translation>
    </message>
    <message>
        <source>differs here</source>
        <translation>weicht hier ab</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>empfohlen</translation>
    </message>
    <message numerus="yes">
        <source>%n thread(s)</source>
        <translation>
            <numerusform>%n Thread</numerusform>
            <numerusform>%n Threads</numerusform>
        </translation>
    </message>
    <message>
        <source>image {size} × {size} as each model takes it, median of {runs} runs, all models in turns</source>
        <translation>Bild {size} × {size}, wie jedes Modell es nimmt, Median aus {runs} Durchläufen, alle Modelle im Wechsel</translation>
    </message>
    <message>
        <source>Memory: growth of a fresh process. Executed in: what the multiply-adds ran in, by the kernels&apos; names. Dice: on the patients that the model&apos;s card names.</source>
        <translation>Speicher: Zuwachs eines frischen Prozesses. Ausgeführt in: worin die Multiplikationen und Additionen liefen, nach den Namen der Kernel. Dice: an den Patienten, die die Modellkarte nennt.</translation>
    </message>
    <message>
        <source>bfloat16: the float32 file with its layers rounded to bfloat16; shown for comparison, never used.</source>
        <translation>bfloat16: die float32-Datei, wenn ihre Schichten auf bfloat16 runden dürften; nur zum Vergleich, nie verwendet.</translation>
    </message>
    <message>
        <source>Differs here: its results are not those that it had when it was exported; not recommended.</source>
        <translation>Weicht hier ab: rechnet nicht dasselbe wie beim Export des Modells; nicht empfohlen.</translation>
    </message>
    <message>
        <source>{model} {precision} cannot run here: {reason}</source>
        <translation>{model} {precision} läuft hier nicht: {reason}</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Mouse</source>
        <translation>Maus</translation>
    </message>
    <message>
        <source>Keys and mouse</source>
        <translation>Tasten und Maus</translation>
    </message>
    <message>
        <source>{key}  or  {other}</source>
        <translation>{key}  oder  {other}</translation>
    </message>
    <message>
        <source>{count} parameters; {files}</source>
        <translation>{count} Parameter; {files}</translation>
    </message>
    <message>
        <source>Measured accuracy</source>
        <translation>Gemessene Genauigkeit</translation>
    </message>
    <message>
        <source>What it is for</source>
        <translation>Zweck</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <source>Trained on</source>
        <translation>Trainiert mit</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>nicht angegeben</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>About {model}</source>
        <translation>Über {model}</translation>
    </message>
    <message>
        <source>Dice, mean</source>
        <translation>Dice, Mittelwert</translation>
    </message>
    <message>
        <source>Dice, LV cavity</source>
        <translation>Dice, LV-Kavum</translation>
    </message>
    <message>
        <source>Dice, LV myocardium</source>
        <translation>Dice, LV-Myokard</translation>
    </message>
    <message>
        <source>Dice, RV cavity</source>
        <translation>Dice, RV-Kavum</translation>
    </message>
    <message>
        <source>IoU, mean</source>
        <translation>IoU, Mittelwert</translation>
    </message>
    <message>
        <source>95 % Hausdorff distance, LV cavity, mm</source>
        <translation>95-%-Hausdorff-Abstand, LV-Kavum, mm</translation>
    </message>
    <message>
        <source>95 % Hausdorff distance, LV myocardium, mm</source>
        <translation>95-%-Hausdorff-Abstand, LV-Myokard, mm</translation>
    </message>
    <message>
        <source>95 % Hausdorff distance, RV cavity, mm</source>
        <translation>95-%-Hausdorff-Abstand, RV-Kavum, mm</translation>
    </message>
    <message>
        <source>Mean absolute error of LV EF, points</source>
        <translation>Mittlerer absoluter Fehler der LV-EF, Prozentpunkte</translation>
    </message>
    <message>
        <source>Mean absolute error of RV EF, points</source>
        <translation>Mittlerer absoluter Fehler der RV-EF, Prozentpunkte</translation>
    </message>
    <message>
        <source>Voxel spacing</source>
        <translation>Voxelgröße</translation>
    </message>
    <message>
        <source>Segments, times and measures cardiac cine MRI on this computer, in float32 and true int8. It needs no cloud and no GPU, and connects to nothing but an archive that you enter.</source>
        <translation>Segmentiert und vermisst kardiale Cine-MRT auf diesem Computer und misst die Rechenzeit, in float32 und echtem int8. Keine Cloud, keine GPU, kein Netz außer einem Archiv, das Sie eintragen.</translation>
    </message>
    <message>
        <source>The file does not say how large its voxels are. With the spacing from the scanner&apos;s protocol, volumes come in mL, and the scan is segmented again at its true size.</source>
        <translation>Die Datei sagt nicht, wie groß ihre Voxel sind. Mit der Voxelgröße aus dem Protokoll des Scanners werden Volumina in mL angegeben, und die Untersuchung wird in ihrer wahren Größe neu segmentiert.</translation>
    </message>
    <message>
        <source>Along a row</source>
        <translation>Entlang einer Zeile</translation>
    </message>
    <message>
        <source>Down a column</source>
        <translation>Entlang einer Spalte</translation>
    </message>
    <message>
        <source>From slice to slice (with gap)</source>
        <translation>Von Schicht zu Schicht (mit Lücke)</translation>
    </message>
    <message>
        <source>About CineQuant</source>
        <translation>Über CineQuant</translation>
    </message>
</context>
<context>
    <name>Engine</name>
    <message>
        <source>LV cavity</source>
        <translation>LV-Kavum</translation>
    </message>
    <message>
        <source>LV myocardium</source>
        <translation>LV-Myokard</translation>
    </message>
    <message>
        <source>RV cavity</source>
        <translation>RV-Kavum</translation>
    </message>
    <message>
        <source>From the header</source>
        <translation>Aus dem Header</translation>
    </message>
    <message>
        <source>Heart</source>
        <translation>Herz</translation>
    </message>
    <message>
        <source>Muscle</source>
        <translation>Muskel</translation>
    </message>
    <message>
        <source>Whole image</source>
        <translation>Ganzes Bild</translation>
    </message>
    <message>
        <source>Full range</source>
        <translation>Voller Bereich</translation>
    </message>
    <message>
        <source>Looking for scans</source>
        <translation>Untersuchungen werden gesucht</translation>
    </message>
    <message>
        <source>Reading headers</source>
        <translation>Header werden gelesen</translation>
    </message>
    <message>
        <source>Reading images</source>
        <translation>Bilder werden gelesen</translation>
    </message>
    <message>
        <source>a CT image</source>
        <translation>ein CT-Bild</translation>
    </message>
    <message>
        <source>an ultrasound image</source>
        <translation>ein Ultraschallbild</translation>
    </message>
    <message>
        <source>an X-ray image</source>
        <translation>ein Röntgenbild</translation>
    </message>
    <message>
        <source>an angiogram</source>
        <translation>ein Angiogramm</translation>
    </message>
    <message>
        <source>a nuclear medicine image</source>
        <translation>ein nuklearmedizinisches Bild</translation>
    </message>
    <message>
        <source>a PET image</source>
        <translation>ein PET-Bild</translation>
    </message>
    <message>
        <source>a radiotherapy dose map</source>
        <translation>eine Dosisverteilung der Strahlentherapie</translation>
    </message>
    <message>
        <source>an image of {modality} modality</source>
        <translation>ein Bild der Modalität {modality}</translation>
    </message>
    <message>
        <source>a localiser</source>
        <translation>ein Localizer</translation>
    </message>
    <message>
        <source>a localiser, with slices in several directions</source>
        <translation>ein Localizer mit Schichten in mehreren Richtungen</translation>
    </message>
    <message>
        <source>a single slice, such as a long-axis view</source>
        <translation>eine einzelne Schicht, etwa eine Langachse</translation>
    </message>
    <message>
        <source>a CT image, by its values</source>
        <translation>nach seinen Werten ein CT-Bild</translation>
    </message>
    <message>
        <source>a volume of {slices} thin slices ({spacing} mm), not a short-axis stack</source>
        <translation>ein Volumen aus {slices} dünnen Schichten ({spacing} mm), kein Kurzachsenstapel</translation>
    </message>
    <message>
        <source>a volume with cubic voxels ({spacing}), not a short-axis stack</source>
        <translation>ein Volumen mit kubischen Voxeln ({spacing}), kein Kurzachsenstapel</translation>
    </message>
    <message>
        <source>{what}, by its name or type</source>
        <translation>{what}, dem Namen oder Typ nach</translation>
    </message>
    <message>
        <source>{what}, by its name</source>
        <translation>{what}, dem Namen nach</translation>
    </message>
    <message>
        <source>a {axis} stack: its slices lie along the body, not across the heart</source>
        <translation>ein {axis}er Stapel: Die Schichten liegen längs des Körpers, nicht quer zum Herzen</translation>
    </message>
    <message>
        <source>transverse</source>
        <translation>transversal</translation>
    </message>
    <message>
        <source>coronal</source>
        <translation>koronar</translation>
    </message>
    <message>
        <source>sagittal</source>
        <translation>sagittal</translation>
    </message>
    <message>
        <source>a map of a tissue property</source>
        <translation>eine Karte einer Gewebeeigenschaft</translation>
    </message>
    <message>
        <source>no cine of the heart</source>
        <translation>kein Cine des Herzens</translation>
    </message>
    <message>
        <source>a phase image, not one of signal</source>
        <translation>ein Phasenbild, keines des Signals</translation>
    </message>
    <message>
        <source>a series of {count} echo times, as for mapping</source>
        <translation>eine Serie von {count} Echozeiten, wie für ein Mapping</translation>
    </message>
    <message>
        <source>a series of {count} inversion times, as for mapping</source>
        <translation>eine Serie von {count} Inversionszeiten, wie für ein Mapping</translation>
    </message>
    <message>
        <source>no cine of one heartbeat: its frames span {seconds} s</source>
        <translation>kein Cine eines Herzschlags: Die Bilder reichen über {seconds} s</translation>
    </message>
    <message>
        <source>no cine of one heartbeat: its frames were taken one after another over {seconds} s</source>
        <translation>kein Cine eines Herzschlags: Die Bilder wurden nacheinander über {seconds} s aufgenommen</translation>
    </message>
    <message>
        <source>a stack whose slices do not lie across the heart, by their direction, and whose name says no view</source>
        <translation>ein Stapel, dessen Schichten ihrer Richtung nach nicht quer zum Herzen liegen und dessen Name keine Ansicht nennt</translation>
    </message>
    <message>
        <source>a series of images that do not say where they lie</source>
        <translation>eine Serie von Bildern, die nicht sagen, wo sie liegen</translation>
    </message>
    <message>
        <source>a series of {count} images per slice without times, which nothing proves to be a cine</source>
        <translation>eine Serie aus {count} Bildern je Schicht ohne Zeiten, die nichts als Cine ausweist</translation>
    </message>
    <message>
        <source>The order of the frames is unknown: the files give neither times nor numbers that tell them apart. No ejection fraction is given.</source>
        <translation>Die Reihenfolge der Bilder ist unbekannt: Die Dateien nennen weder Zeiten noch Nummern, die sie unterscheiden. Es wird keine Ejektionsfraktion angegeben.</translation>
    </message>
    <message>
        <source>a perfusion series</source>
        <translation>eine Perfusionsserie</translation>
    </message>
    <message>
        <source>and</source>
        <translation>und</translation>
    </message>
    <message>
        <source>{model}, four-chamber</source>
        <translation>{model}, 4CH</translation>
    </message>
    <message>
        <source>Drawing frames</source>
        <translation>Phasen werden gezeichnet</translation>
    </message>
    <message>
        <source>Writing frames</source>
        <translation>Phasen werden geschrieben</translation>
    </message>
    <message>
        <source>Copying without identity</source>
        <translation>Kopieren ohne Identität</translation>
    </message>
    <message>
        <source>Research use only, not for diagnosis</source>
        <translation>Nur für die Forschung, nicht zur Diagnostik</translation>
    </message>
    <message>
        <source>Volume, phase not known</source>
        <translation>Volumen, Phase unbekannt</translation>
    </message>
    <message>
        <source>a stack in the plane of a four-chamber view, not across the heart</source>
        <translation>ein Stapel in der Ebene des Vierkammerblicks, nicht quer durch das Herz</translation>
    </message>
    <message>
        <source>a late enhancement series</source>
        <translation>eine Late-Enhancement-Serie</translation>
    </message>
    <message>
        <source>a mapping series</source>
        <translation>eine Mapping-Serie</translation>
    </message>
    <message>
        <source>a tagging series</source>
        <translation>eine Tagging-Serie</translation>
    </message>
    <message>
        <source>a flow series</source>
        <translation>eine Flussmessung</translation>
    </message>
    <message>
        <source>a real-time series</source>
        <translation>eine Echtzeitserie</translation>
    </message>
    <message>
        <source>a still image</source>
        <translation>ein Standbild</translation>
    </message>
    <message>
        <source>a long-axis view</source>
        <translation>eine Langachsenansicht</translation>
    </message>
    <message>
        <source>a view of the outflow</source>
        <translation>eine Ansicht des Ausflusstrakts</translation>
    </message>
    <message>
        <source>a stack along the body</source>
        <translation>ein Stapel längs des Körpers</translation>
    </message>
    <message>
        <source>a stack of {length} mm, longer than a heart</source>
        <translation>ein Stapel von {length} mm, länger als ein Herz</translation>
    </message>
    <message>
        <source>a stack of slices {distance} mm apart, nearer than in a short-axis cine</source>
        <translation>ein Stapel von Schichten im Abstand von {distance} mm, enger als in einem Kurzachsen-Cine</translation>
    </message>
    <message>
        <source>Between readers: LV of seven core laboratories (Suinesiaputra et al., J Cardiovasc Magn Reson 2015;17:63); * RV, coefficient of variability of two readers (Catalano et al.).</source>
        <translation>Zwischen Befundern: LV von sieben Kernlabors (Suinesiaputra et al., J Cardiovasc Magn Reson 2015;17:63); * RV, Variationskoeffizient zweier Befunder (Catalano et al.).</translation>
    </message>
    <message>
        <source>LV EDV by area and length</source>
        <translation>LV-EDV nach Fläche und Länge</translation>
    </message>
    <message>
        <source>LV ESV by area and length</source>
        <translation>LV-ESV nach Fläche und Länge</translation>
    </message>
    <message>
        <source>LV SV by area and length</source>
        <translation>LV-SV nach Fläche und Länge</translation>
    </message>
    <message>
        <source>LV EF by area and length</source>
        <translation>LV-EF nach Fläche und Länge</translation>
    </message>
    <message>
        <source>LV long-axis shortening</source>
        <translation>LV-Längsverkürzung</translation>
    </message>
    <message>
        <source>RV fractional area change</source>
        <translation>RV-Flächenänderung (FAC)</translation>
    </message>
    <message>
        <source>The files give no times after the R wave: frames are in the order of their {clock}. If that is not their order in the heartbeat, the ejection fraction is too small.</source>
        <translation>Die Dateien geben keine Zeiten nach der R-Zacke an: Bilder stehen in der Reihenfolge ihrer {clock}. Ist das nicht ihre Reihenfolge im Herzschlag, ist die Ejektionsfraktion zu klein.</translation>
    </message>
    <message>
        <source>acquisition times</source>
        <translation>Aufnahmezeiten</translation>
    </message>
    <message>
        <source>content times</source>
        <translation>Content-Zeiten</translation>
    </message>
    <message>
        <source>instance numbers</source>
        <translation>Bildnummern (Instance Number)</translation>
    </message>
    <message>
        <source>The slices are not evenly spaced: {least} to {most} mm, the widest difference between slices {first} and {second}. Each slice counts by its own distance to its neighbours.</source>
        <translation>Die Schichtabstände sind ungleich: {least} bis {most} mm, der größte Unterschied zwischen Schicht {first} und {second}. Jede Schicht zählt mit ihrem eigenen Abstand zu ihren Nachbarn.</translation>
    </message>
    <message>
        <source>The headers tell of {stated} phases of the heartbeat, and {count} are here: end-diastole or end-systole may be among the missing ones.</source>
        <translation>Die Kopfdaten nennen {stated} Phasen des Herzschlags, {count} sind da: Enddiastole oder Endsystole können unter den fehlenden sein.</translation>
    </message>
    <message>
        <source>A phase seems to be missing between frames {first} and {second}, by their times: end-diastole or end-systole may be the missing one.</source>
        <translation>Zwischen den Bildern {first} und {second} scheint nach den Zeiten eine Phase zu fehlen: Sie kann Enddiastole oder Endsystole sein.</translation>
    </message>
    <message>
        <source>The stack was taken twice, the second time {gap} mm further on, so that slices overlap: series {series} is used.</source>
        <translation>Der Stapel wurde zweimal aufgenommen, das zweite Mal um {gap} mm versetzt, sodass sich Schichten überlappen: Serie {series} wird verwendet.</translation>
    </message>
    <message>
        <source>The heartbeat has {have} phases in some slices ({slices}) and {count} in the others: they are interpolated in time.</source>
        <translation>Der Herzschlag hat in einigen Schichten ({slices}) {have} Phasen und in den anderen {count}: Sie werden zeitlich interpoliert.</translation>
    </message>
    <message>
        <source>{count} slices are said to lie at one position, but at different slice locations: they lie where their slice locations say.</source>
        <translation>{count} Schichten sollen an einer Position liegen, aber an verschiedenen Schichtorten: Sie liegen dort, wo die Schichtorte es sagen.</translation>
    </message>
    <message>
        <source>{count} images of one series have a patient each: their names and identifiers were made up file by file, and they are taken for one patient.</source>
        <translation>{count} Bilder einer Serie haben je einen eigenen Patienten: Namen und Kennungen wurden Datei für Datei erfunden; sie gelten als ein Patient.</translation>
    </message>
    <message>
        <source>{count} studies of one patient hold parts of one stack, by place, name and time: they are taken for one study whose identifier was replaced.</source>
        <translation>{count} Studien eines Patienten enthalten nach Ort, Namen und Zeit Teile eines Stapels: Sie gelten als eine Studie, deren Kennung ersetzt wurde.</translation>
    </message>
    <message>
        <source>The frames span {beats} heartbeats by the RR interval in the headers: end-diastole and end-systole are the largest and the smallest volume of all of them.</source>
        <translation>Die Bilder umfassen nach dem RR-Intervall der Kopfdaten {beats} Herzschläge: Enddiastole und Endsystole sind das größte und das kleinste Volumen von allen.</translation>
    </message>
    <message>
        <source>{count} images share an identifier (SOP Instance UID) that should be of one alone; they are told apart by place and time.</source>
        <translation>{count} Bilder haben eine gemeinsame Kennung (SOP Instance UID), die nur eines haben sollte; sie werden nach Ort und Zeit unterschieden.</translation>
    </message>
    <message>
        <source>The headers give no positions: the slices lie where their slice locations say, as if in line.</source>
        <translation>Die Kopfdaten nennen keine Positionen: Die Schichten liegen dort, wo die Schichtorte es sagen, wie in einer Reihe.</translation>
    </message>
    <message>
        <source>Files of {count} patients share one patient ID and study: they are kept apart by name and date of birth.</source>
        <translation>Dateien von {count} Patienten haben dieselbe Patientenkennung und Studie: Sie werden nach Name und Geburtsdatum getrennt.</translation>
    </message>
    <message>
        <source>{count} studies of one image or slice each are of one series by all else that the files say: they are taken for one study whose identifiers were replaced.</source>
        <translation>{count} Studien mit je einem Bild oder einer Schicht gehören nach allen anderen Angaben zu einer Serie: Sie gelten als eine Studie, deren Kennungen ersetzt wurden.</translation>
    </message>
    <message>
        <source>By the numbers in the files&apos; names frames are missing ({frames}): end-diastole or end-systole may be among them.</source>
        <translation>Nach den Nummern in den Dateinamen fehlen Bilder ({frames}): Enddiastole oder Endsystole können darunter sein.</translation>
    </message>
    <message>
        <source>{count} more slices go on from this stack, but are tilted against it by more than 5°: they are not measured, so mL are not to be trusted.</source>
        <translation>{count} weitere Schichten setzen diesen Stapel fort, sind aber um mehr als 5° dagegen gekippt: Sie werden nicht gemessen, auf mL ist kein Verlass.</translation>
    </message>
    <message>
        <source>slices are tilted away</source>
        <translation>Schichten sind weggekippt</translation>
    </message>
    <message>
        <source>{count} of {total} images hold nothing but one value (slices {slices}): nothing can be found in them, so volumes are too small. Copy the scan again.</source>
        <translation>{count} von {total} Bildern enthalten nur einen einzigen Wert (Schichten {slices}): Darin ist nichts zu finden, die Volumina sind also zu klein. Kopieren Sie die Aufnahme noch einmal.</translation>
    </message>
    <message>
        <source>A slice seems to be missing between slices {between}: mL are not to be trusted.</source>
        <translation>Zwischen den Schichten {between} scheint eine zu fehlen: Auf mL ist kein Verlass.</translation>
    </message>
    <message>
        <source>The header gives no pixel spacing: 1 mm is assumed, so mm and mL are guesses.</source>
        <translation>Der Header nennt keine Pixelgröße: 1 mm wird angenommen, mm und mL sind also geschätzt.</translation>
    </message>
    <message>
        <source>A single slice without a thickness: 1 mm is assumed, so mL are guesses.</source>
        <translation>Eine einzelne Schicht ohne Angabe der Dicke: 1 mm wird angenommen, mL sind also geschätzt.</translation>
    </message>
    <message>
        <source>The header does not say where the image lies: orientation is unknown.</source>
        <translation>Der Header nennt die Lage des Bildes nicht: Die Orientierung ist unbekannt.</translation>
    </message>
    <message>
        <source>The slices are shifted against each other by up to {shift} mm within their plane; they are shown as if aligned.</source>
        <translation>Die Schichten sind in ihrer Ebene um bis zu {shift} mm gegeneinander verschoben; sie werden dargestellt, als lägen sie übereinander.</translation>
    </message>
    <message>
        <source>The header&apos;s sform and qform place the slices {apart} mm apart: the sform is used.</source>
        <translation>sform und qform des Headers legen die Schichten {apart} mm auseinander: Die sform wird verwendet.</translation>
    </message>
    <message>
        <source>Spacing unknown: the header says 1 mm in every direction, as files without geometry do. Volumes in mL and lengths in mm are not to be trusted until the spacing is given.</source>
        <translation>Voxelgröße unbekannt: Der Header nennt 1 mm in jeder Richtung, wie es Dateien ohne Geometrie tun. Volumina in mL und Längen in mm sind nicht verlässlich, bis die Voxelgröße eingegeben ist.</translation>
    </message>
    <message>
        <source>Orientation unknown: the header holds no patient directions.</source>
        <translation>Orientierung unbekannt: Der Header enthält keine Patientenrichtungen.</translation>
    </message>
    <message>
        <source>End-diastolic volume</source>
        <translation>Enddiast. Volumen</translation>
    </message>
    <message>
        <source>End-systolic volume</source>
        <translation>Endsyst. Volumen</translation>
    </message>
    <message>
        <source>Stroke volume</source>
        <translation>Schlagvolumen</translation>
    </message>
    <message>
        <source>Ejection fraction</source>
        <translation>Ejektionsfraktion</translation>
    </message>
    <message>
        <source>Myocardial mass</source>
        <translation>Myokardmasse</translation>
    </message>
    <message>
        <source>EDV index</source>
        <translation>EDV-Index</translation>
    </message>
    <message>
        <source>ESV index</source>
        <translation>ESV-Index</translation>
    </message>
    <message>
        <source>Stroke volume index</source>
        <translation>Schlagvolumen-Index</translation>
    </message>
    <message>
        <source>Cardiac output</source>
        <translation>Herzzeitvolumen</translation>
    </message>
    <message>
        <source>Cardiac index</source>
        <translation>Herzindex</translation>
    </message>
    <message>
        <source>Peak ejection rate</source>
        <translation>Max. Auswurfrate</translation>
    </message>
    <message>
        <source>Peak filling rate</source>
        <translation>Max. Füllungsrate</translation>
    </message>
    <message>
        <source>Time to peak ejection</source>
        <translation>Zeit bis max. Auswurf</translation>
    </message>
    <message>
        <source>Time to peak filling</source>
        <translation>Zeit bis max. Füllung</translation>
    </message>
    <message>
        <source>Mass index</source>
        <translation>Masse-Index</translation>
    </message>
    <message>
        <source>mass</source>
        <translation>Masse</translation>
    </message>
    <message>
        <source>mass i</source>
        <translation>Masse-Index</translation>
    </message>
    <message>
        <source>basal anterior</source>
        <translation>basal anterior</translation>
    </message>
    <message>
        <source>basal anteroseptal</source>
        <translation>basal anteroseptal</translation>
    </message>
    <message>
        <source>basal inferoseptal</source>
        <translation>basal inferoseptal</translation>
    </message>
    <message>
        <source>basal inferior</source>
        <translation>basal inferior</translation>
    </message>
    <message>
        <source>basal inferolateral</source>
        <translation>basal inferolateral</translation>
    </message>
    <message>
        <source>basal anterolateral</source>
        <translation>basal anterolateral</translation>
    </message>
    <message>
        <source>mid anterior</source>
        <translation>mittig anterior</translation>
    </message>
    <message>
        <source>mid anteroseptal</source>
        <translation>mittig anteroseptal</translation>
    </message>
    <message>
        <source>mid inferoseptal</source>
        <translation>mittig inferoseptal</translation>
    </message>
    <message>
        <source>mid inferior</source>
        <translation>mittig inferior</translation>
    </message>
    <message>
        <source>mid inferolateral</source>
        <translation>mittig inferolateral</translation>
    </message>
    <message>
        <source>mid anterolateral</source>
        <translation>mittig anterolateral</translation>
    </message>
    <message>
        <source>apical anterior</source>
        <translation>apikal anterior</translation>
    </message>
    <message>
        <source>apical septal</source>
        <translation>apikal septal</translation>
    </message>
    <message>
        <source>apical inferior</source>
        <translation>apikal inferior</translation>
    </message>
    <message>
        <source>apical lateral</source>
        <translation>apikal lateral</translation>
    </message>
    <message>
        <source>apex</source>
        <translation>Apex</translation>
    </message>
    <message>
        <source>No range: none was found that could be verified for this measure and this way of counting papillaries.</source>
        <translation>Kein Normbereich: Für diese Größe und diese Zählung der Papillarmuskeln ließ sich keiner prüfen.</translation>
    </message>
    <message>
        <source>No range: sex and age are needed.</source>
        <translation>Kein Normbereich: Geschlecht und Alter fehlen.</translation>
    </message>
    <message>
        <source>No range: {study} measured people from {low} to {high} years.</source>
        <translation>Kein Normbereich: {study} hat Menschen von {low} bis {high} Jahren gemessen.</translation>
    </message>
    <message>
        <source>Cardiac output = stroke volume × heart rate; the index is output / body surface area.</source>
        <translation>Herzzeitvolumen = Schlagvolumen × Herzfrequenz; der Index ist Herzzeitvolumen / Körperoberfläche.</translation>
    </message>
    <message>
        <source>Indices are divided by the body surface area, by the formula that is named beside it.</source>
        <translation>Indizes sind durch die Körperoberfläche geteilt, nach der daneben genannten Formel.</translation>
    </message>
    <message>
        <source>Body surface area {area} m² by {formula}.</source>
        <translation>Körperoberfläche {area} m² nach {formula}.</translation>
    </message>
    <message>
        <source>Heart rate {rate} beats a minute ({source}).</source>
        <translation>Herzfrequenz {rate} Schläge pro Minute ({source}).</translation>
    </message>
    <message>
        <source>UK Biobank, 368 men and 432 women without cardiovascular disease or risk factors, Caucasian, 1.5 T</source>
        <translation>UK Biobank, 368 Männer und 432 Frauen ohne Herz-Kreislauf-Erkrankung oder Risikofaktoren, kaukasisch, 1.5 T</translation>
    </message>
    <message>
        <source>63 healthy men and 45 healthy women, Oxford, 1.5 T</source>
        <translation>63 gesunde Männer und 45 gesunde Frauen, Oxford, 1.5 T</translation>
    </message>
    <message>
        <source>30 healthy men and 30 healthy women</source>
        <translation>30 gesunde Männer und 30 gesunde Frauen</translation>
    </message>
    <message>
        <source>144 healthy volunteers, 68 of them women; output measured as flow in the aorta</source>
        <translation>144 gesunde Probanden, davon 68 Frauen; Auswurf als Fluss in der Aorta gemessen</translation>
    </message>
    <message>
        <source>300 people of the MESA study without heart disease, 65.6 ± 8.5 years, 169 of them women</source>
        <translation>300 Personen der MESA-Studie ohne Herzkrankheit, 65.6 ± 8.5 Jahre, davon 169 Frauen</translation>
    </message>
    <message>
        <source>End-diastole and end-systole are a file each.</source>
        <translation>Enddiastole und Endsystole sind je eine Datei.</translation>
    </message>
    <message>
        <source>typed</source>
        <translation>eingegeben</translation>
    </message>
    <message>
        <source>header</source>
        <translation>Header</translation>
    </message>
    <message>
        <source>frame times</source>
        <translation>Phasenzeiten</translation>
    </message>
    <message>
        <source>Normal ranges: mean ± {width} SD of {study}; {people}.</source>
        <translation>Normbereiche: Mittelwert ± {width} SD aus {study}; {people}.</translation>
    </message>
    <message>
        <source>Peak rates are the steepest slopes of the volume curve after smoothing by a Fourier series of {count} harmonics (Bacharach et al., J Nucl Med 1983;24:1176): of ejection between end-diastole and end-systole, of filling between end-systole and end-diastole. Times count from end-diastole and from end-systole.</source>
        <translation>Maximale Raten sind die steilsten Stellen der Volumenkurve nach Glättung mit einer Fourierreihe aus {count} Harmonischen (Bacharach et al., J Nucl Med 1983;24:1176): des Auswurfs zwischen Enddiastole und Endsystole, der Füllung zwischen Endsystole und Enddiastole. Zeiten zählen ab der Enddiastole und ab der Endsystole.</translation>
    </message>
    <message>
        <source>Volumes are the sum over slices of area times the distance between slices (Simpson&apos;s rule).</source>
        <translation>Volumina sind die Summe über die Schichten aus Fläche mal Schichtabstand (Scheibchensummation nach Simpson).</translation>
    </message>
    <message>
        <source>Papillary muscles and trabeculae count as cavity.</source>
        <translation>Papillarmuskeln und Trabekel zählen zum Kavum.</translation>
    </message>
    <message>
        <source>End-diastole is the frame with the largest, end-systole that with the smallest LV cavity, for both ventricles.</source>
        <translation>Enddiastole ist die Phase mit dem größten, Endsystole die mit dem kleinsten LV-Kavum, für beide Ventrikel.</translation>
    </message>
    <message>
        <source>End-diastole is the frame with the largest, end-systole that with the smallest cavity, for each ventricle by itself.</source>
        <translation>Die Enddiastole ist die Phase mit dem größten, die Endsystole die mit dem kleinsten Kavum, für jeden Ventrikel einzeln.</translation>
    </message>
    <message>
        <source>Chosen by the reader: {phase} of the {side}, frame {frame}.</source>
        <translation>Vom Befunder gewählt: {phase} des {side}, Phase {frame}.</translation>
    </message>
    <message>
        <source>end-diastole</source>
        <translation>Enddiastole</translation>
    </message>
    <message>
        <source>end-systole</source>
        <translation>Endsystole</translation>
    </message>
    <message>
        <source>Basal slices count as far as they are labelled.</source>
        <translation>Basale Schichten zählen, soweit sie konturiert sind.</translation>
    </message>
    <message>
        <source>A basal slice counts for LV and myocardium where at least half of the circumference of the LV cavity touches myocardium (after SCMR: Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19). RV slices count as far as they are labelled: around the RV there is no labelled wall to judge by.</source>
        <translation>Eine basale Schicht zählt für LV und Myokard, wenn mindestens die Hälfte des Umfangs des LV-Kavums an Myokard grenzt (nach SCMR: Schulz-Menger et al., J Cardiovasc Magn Reson 2020;22:19). RV-Schichten zählen, soweit sie konturiert sind: Um den RV ist keine Wand konturiert, an der man es messen könnte.</translation>
    </message>
    <message>
        <source>Papillary muscles and trabeculae count as cavity: all myocardium within the convex hull of the LV cavity of a slice is part of it.</source>
        <translation>Papillarmuskeln und Trabekel zählen als Kavum: Alles Myokard innerhalb der konvexen Hülle des LV-Kavums einer Schicht gehört dazu.</translation>
    </message>
    <message>
        <source>Papillary muscles and trabeculae count as myocardium: voxels of the LV cavity nearer to the grey value of myocardium than to that of blood (the medians of both in the slice) are part of it.</source>
        <translation>Papillarmuskeln und Trabekel zählen als Myokard: Voxel des LV-Kavums, deren Grauwert näher an dem des Myokards als an dem des Bluts liegt (beide als Median in der Schicht), gehören dazu.</translation>
    </message>
    <message>
        <source>Left out by the reader: 1 slice.</source>
        <translation>Vom Befunder ausgelassen: 1 Schicht.</translation>
    </message>
    <message>
        <source>Left out by the reader: {count} slices, each counted once for every frame.</source>
        <translation>Vom Befunder ausgelassen: {count} Schichten, jede einmal je Phase gezählt.</translation>
    </message>
    <message>
        <source>One frame only: no phase is known, so no ejection fraction.</source>
        <translation>Nur ein Bild: Die Herzphase ist nicht bekannt, daher keine Ejektionsfraktion.</translation>
    </message>
    <message>
        <source>EF = (EDV − ESV) / EDV.</source>
        <translation>EF = (EDV − ESV) / EDV.</translation>
    </message>
    <message>
        <source>LV mass = 1.05 g/mL × myocardial volume at end-diastole.</source>
        <translation>LV-Masse = 1.05 g/mL × Myokardvolumen in der Enddiastole.</translation>
    </message>
    <message>
        <source>LV mass = 1.05 g/mL × myocardial volume, in a frame whose phase is not known.</source>
        <translation>LV-Masse = 1.05 g/mL × Myokardvolumen, in einer Phase, die weder als ED noch als ES bekannt ist.</translation>
    </message>
    <message>
        <source>No phase is known, so no ejection fraction.</source>
        <translation>ED und ES sind nicht bekannt, daher keine Ejektionsfraktion.</translation>
    </message>
    <message>
        <source>There is no LV cavity: end-diastole and end-systole are those of the RV cavity.</source>
        <translation>Es gibt kein LV-Kavum: Enddiastole und Endsystole sind die des RV-Kavums.</translation>
    </message>
    <message>
        <source>All frames with labels are alike, so that no phase is known: choose end-diastole and end-systole.</source>
        <translation>Alle umrandeten Phasen sind gleich, daher sind ED und ES nicht bekannt: Wählen Sie Enddiastole und Endsystole.</translation>
    </message>
    <message>
        <source>Only frame {frame} has labels, and its phase is not known: its volumes are neither end-diastolic nor end-systolic ones until that frame is chosen to be one of the two.</source>
        <translation>Nur Phase {frame} ist umrandet, und ob sie ED oder ES ist, ist nicht bekannt: Ihre Volumina sind weder enddiastolisch noch endsystolisch, bis sie als eines von beiden gewählt ist.</translation>
    </message>
    <message>
        <source>The scan does not say its spacing: mL and grams assume 1 mm and are not to be trusted; EF is.</source>
        <translation>Die Untersuchung nennt keine Voxelgröße: mL und Gramm nehmen 1 mm an und sind nicht verlässlich; die EF ist es.</translation>
    </message>
    <message>
        <source>The header contradicts itself about spacing; {x} × {y} × {z} mm was used.</source>
        <translation>Der Header widerspricht sich bei der Voxelgröße; verwendet wurden {x} × {y} × {z} mm.</translation>
    </message>
    <message>
        <source>The distances between slices differ: each slice counts by the thickness that it stands for.</source>
        <translation>Die Schichtabstände sind verschieden: Jede Schicht zählt mit der Dicke, für die sie steht.</translation>
    </message>
    <message>
        <source>The order of the frames is unknown: no phase is named, so no ejection fraction.</source>
        <translation>Die Reihenfolge der Bilder ist unbekannt: Es wird keine Phase benannt, also keine Ejektionsfraktion.</translation>
    </message>
    <message>
        <source>Volumes and mass are not of the whole heart: {why}.</source>
        <translation>Volumina und Masse sind nicht die des ganzen Herzens: {why}.</translation>
    </message>
    <message>
        <source>The mask was resampled to the grid of the scan: {difference}.</source>
        <translation>Die Maske wurde auf das Raster der Aufnahme umgerechnet: {difference}.</translation>
    </message>
    <message>
        <source>The labels go by their names in {file}: {values}.</source>
        <translation>Die Werte folgen ihren Namen in {file}: {values}.</translation>
    </message>
    <message>
        <source>The mask does not say what its labels mean: {values} is taken ({convention}, not {other}).</source>
        <translation>Die Maske sagt nicht, was ihre Werte bedeuten: {values} wird angenommen ({convention}, nicht {other}).</translation>
    </message>
    <message>
        <source>The mask does not say what its labels mean: {values} is taken ({convention}, not {other}), because the LV cavity then lies within the myocardium.</source>
        <translation>Die Maske sagt nicht, was ihre Werte bedeuten: Angenommen wird {values} ({convention}, nicht {other}), denn so liegt das LV-Cavum innerhalb des Myokards.</translation>
    </message>
    <message>
        <source>{name} removed from slice {slice}, as above the base of the ventricle.</source>
        <translation>Aus Schicht {slice} entfernt, weil oberhalb der Ventrikelbasis: {name}.</translation>
    </message>
    <message>
        <source>{name} removed from slice {slice} in frame {frame}, as above the base of the ventricle.</source>
        <translation>Aus Schicht {slice} in Phase {frame} entfernt, weil oberhalb der Ventrikelbasis: {name}.</translation>
    </message>
    <message>
        <source>{name} removed from slice {slice} in {phase}, as above the base of the ventricle.</source>
        <translation>Aus Schicht {slice} in {phase} entfernt, weil oberhalb der Ventrikelbasis: {name}.</translation>
    </message>
    <message>
        <source>{name} removed from slice {slice}, as above the base of the ventricle, in {count} of {frames} frames: {list}.</source>
        <translation>Aus Schicht {slice} entfernt, weil oberhalb der Ventrikelbasis: {name}, in {count} von {frames} Phasen: {list}.</translation>
    </message>
    <message>
        <source>Nothing was found: no ventricle is in any slice.</source>
        <translation>Nichts gefunden: In keiner Schicht ist ein Ventrikel.</translation>
    </message>
    <message>
        <source>No {structure} was found in any slice.</source>
        <translation>{structure} wurde in keiner Schicht gefunden.</translation>
    </message>
    <message>
        <source>Only frames {list} have labels: nothing but their volumes says that they are end-diastole and end-systole.</source>
        <translation>Nur die Phasen {list} sind umrandet: Dass sie Enddiastole und Endsystole sind, sagen allein ihre Volumina.</translation>
    </message>
    <message>
        <source>Frames without {structure}: {list}, of {frames}.</source>
        <translation>Phasen ohne {structure}: {list}, von {frames}.</translation>
    </message>
    <message>
        <source>The LV cavity ends at slice {slice} with {share} % of its largest area, though the scan goes on: slices at the apex are probably without labels, and its volumes too small.</source>
        <translation>Das LV-Kavum endet in Schicht {slice} mit {share} % seiner größten Fläche, obwohl die Aufnahme weitergeht: Schichten an der Spitze sind wahrscheinlich nicht umrandet, und die Volumina zu klein.</translation>
    </message>
    <message>
        <source>Frames in which the {structure} differs much from those before and after: {list}.</source>
        <translation>Phasen, in denen {structure} stark von denen davor und danach abweicht: {list}.</translation>
    </message>
    <message>
        <source>Slices without {structure} at {phase}, though it is on both sides: {list}. Its volume is too small.</source>
        <translation>Schichten ohne {structure} ({phase}), obwohl auf beiden Seiten vorhanden: {list}. Das Volumen ist zu klein.</translation>
    </message>
    <message>
        <source>Slices in which the {structure} leaps from frame to frame: {list}. Their frames are probably out of order, and then the ejection fraction is too small.</source>
        <translation>Schichten, in denen {structure} von Phase zu Phase springt: {list}. Ihre Phasen stehen wahrscheinlich nicht in der richtigen Reihenfolge, und dann ist die Ejektionsfraktion zu klein.</translation>
    </message>
    <message>
        <source>Slices in which the {structure} differs much from those beside it at {phase}: {list}.</source>
        <translation>Schichten, in denen {structure} stark von den Nachbarschichten abweicht ({phase}): {list}.</translation>
    </message>
    <message>
        <source>Frames in which a slice has no {structure}, though the slices on both sides have: {list}.</source>
        <translation>Phasen, in denen {structure} in einer Schicht fehlt, obwohl auf beiden Seiten vorhanden: {list}.</translation>
    </message>
    <message>
        <source>No LV myocardium was found, so there is no mass.</source>
        <translation>Kein LV-Myokard gefunden, daher keine Masse.</translation>
    </message>
    <message>
        <source>The {side} ejection fraction is negative: the ventricle is larger at end-systole than at end-diastole. Check the phases and the outlines.</source>
        <translation>Die Ejektionsfraktion ({side}) ist negativ: Der Ventrikel ist endsystolisch größer als enddiastolisch. Phasen und Konturen prüfen.</translation>
    </message>
    <message>
        <source>An {side} ejection fraction of {percent} % is hardly possible. Check the phases and the outlines.</source>
        <translation>Eine Ejektionsfraktion ({side}) von {percent} % ist kaum möglich. Phasen und Konturen prüfen.</translation>
    </message>
    <message>
        <source>An {side} end-diastolic volume of {volume} mL is not that of a human heart. Check the spacing and the outlines.</source>
        <translation>Ein enddiastolisches Volumen ({side}) von {volume} mL hat kein menschliches Herz. Voxelgröße und Konturen prüfen.</translation>
    </message>
    <message>
        <source>Volumes, mass and ejection fractions are not to be trusted: the scan is {reason}.</source>
        <translation>Volumina, Masse und Ejektionsfraktionen sind nicht verlässlich: Die Untersuchung ist {reason}.</translation>
    </message>
    <message>
        <source>The network is unsure of the {structure}: soft Dice {dice}.</source>
        <translation>{structure}: Das Netz ist unsicher, weicher Dice {dice}.</translation>
    </message>
    <message>
        <source>No {structure} here, though there is one beside it and the network nearly found it.</source>
        <translation>{structure}: hier nicht umrandet, aber in der Nachbarschicht; das Netz hat die Struktur fast gefunden.</translation>
    </message>
    <message>
        <source>No {structure} here, though it is in the slices on both sides.</source>
        <translation>{structure}: fehlt hier, obwohl die Schichten auf beiden Seiten sie zeigen.</translation>
    </message>
    <message>
        <source>float32 and int8 differ in the {structure}: Dice {dice}.</source>
        <translation>{structure}: float32 und int8 weichen voneinander ab, Dice {dice}.</translation>
    </message>
    <message>
        <source>First slice of the {structure}, at the base.</source>
        <translation>{structure}: erste Schicht, an der Basis.</translation>
    </message>
    <message>
        <source>Last slice of the {structure}, at the apex.</source>
        <translation>{structure}: letzte Schicht, am Apex.</translation>
    </message>
    <message>
        <source>Myocardium surrounds only {percent} % of the LV cavity.</source>
        <translation>Myokard umgibt nur {percent} % des LV-Kavums.</translation>
    </message>
    <message>
        <source>There is {structure} on a slice without LV cavity.</source>
        <translation>{structure} auf einer Schicht ohne LV-Kavum.</translation>
    </message>
    <message>
        <source>The {structure} is in {count} pieces.</source>
        <translation>{structure}: in {count} Teilen.</translation>
    </message>
    <message>
        <source>The {structure} has a hole of {count} pixels.</source>
        <translation>{structure}: Loch von {count} Pixeln.</translation>
    </message>
    <message>
        <source>The area of the {structure} differs much from the slices on both sides.</source>
        <translation>{structure}: Die Fläche weicht stark von beiden Nachbarschichten ab.</translation>
    </message>
    <message>
        <source>The {structure} is here in this frame only, not before or after.</source>
        <translation>{structure}: hier nur in dieser Phase, nicht davor und danach.</translation>
    </message>
    <message>
        <source>The {structure} is missing in this frame only.</source>
        <translation>{structure}: fehlt nur in dieser Phase.</translation>
    </message>
    <message>
        <source>The area of the {structure} leaps in this frame.</source>
        <translation>{structure}: Die Fläche springt in dieser Phase.</translation>
    </message>
    <message>
        <source>The volume of the {structure} leaps in this frame.</source>
        <translation>{structure}: Das Volumen springt in dieser Phase.</translation>
    </message>
    <message>
        <source>This scan is unlike those that the model learned from: check every outline.</source>
        <translation>Diese Aufnahme ist den Trainingsdaten des Modells nicht ähnlich: Alle Konturen prüfen.</translation>
    </message>
    <message>
        <source>The {more} stroke volume exceeds that of the {less} by {percent} %, of their mean.</source>
        <translation>Das Schlagvolumen des {more} ist um {percent} % ihres Mittels größer als das des {less}.</translation>
    </message>
    <message>
        <source>The order of the frames is unknown.</source>
        <translation>Die Reihenfolge der Phasen ist unbekannt.</translation>
    </message>
    <message>
        <source>{model}, by default: no precision of it could be checked on this device.</source>
        <translation>{model} als Voreinstellung: Keine seiner Genauigkeiten ließ sich auf diesem Gerät prüfen.</translation>
    </message>
    <message>
        <source>{model} is the best choice: {latency} ms per slice, {times} times as fast as float32, at a mean Dice of {dice} against {plain}.</source>
        <translation>{model} ist die beste Wahl: {latency} ms je Schicht, {times}-mal so schnell wie float32, bei einem mittleren Dice von {dice} gegenüber {plain}.</translation>
    </message>
    <message>
        <source>{model} is the best choice: {latency} ms per slice, {times} times as fast as float32.</source>
        <translation>{model} ist die beste Wahl: {latency} ms je Schicht, {times}-mal so schnell wie float32.</translation>
    </message>
    <message>
        <source>{model} is the best choice: {latency} ms per slice, and no other precision is clearly faster.</source>
        <translation>{model} ist die beste Wahl: {latency} ms je Schicht, und keine andere Genauigkeit ist deutlich schneller.</translation>
    </message>
    <message>
        <source>{model} is the best choice: {latency} ms per slice.</source>
        <translation>{model} ist die beste Wahl: {latency} ms je Schicht.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}; some are of another patient or study. This one is shown because {why}.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}; manches gehört zu anderen Patienten oder Studien. Gezeigt wird dieser Scan, weil {why}.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}; some are of another patient or study. None is likelier: the first is shown.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}; manches gehört zu anderen Patienten oder Studien. Keiner ist wahrscheinlicher: Der erste wird gezeigt.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}; some are of another patient or study.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}; manches gehört zu anderen Patienten oder Studien.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}. This one is shown because {why}.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}. Gezeigt wird dieser Scan, weil {why}.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}. None is likelier: the first is shown.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}. Keiner ist wahrscheinlicher: Der erste wird gezeigt.</translation>
    </message>
    <message>
        <source>Also found and not shown: {kinds}.</source>
        <translation>Ebenfalls gefunden und nicht gezeigt: {kinds}.</translation>
    </message>
    <message>
        <source>This one is shown because {why}.</source>
        <translation>Gezeigt wird dieser Scan, weil {why}.</translation>
    </message>
    <message>
        <source>None is likelier: the first is shown.</source>
        <translation>Keiner ist wahrscheinlicher: Der erste wird gezeigt.</translation>
    </message>
    <message>
        <source>it is an MR image</source>
        <translation>er ein MR-Bild ist</translation>
    </message>
    <message>
        <source>it holds magnitude images</source>
        <translation>er Magnitudenbilder enthält</translation>
    </message>
    <message>
        <source>the others are localisers or long axes</source>
        <translation>die anderen Localizer oder lange Achsen sind</translation>
    </message>
    <message>
        <source>it is a stack of slices with the phases of a heartbeat</source>
        <translation>er ein Schichtstapel mit den Phasen eines Herzschlags ist</translation>
    </message>
    <message>
        <source>it is a stack of slices</source>
        <translation>er ein Schichtstapel ist</translation>
    </message>
    <message>
        <source>of the names, its own speaks most for a short axis</source>
        <translation>von den Namen seiner am ehesten für eine kurze Achse spricht</translation>
    </message>
    <message>
        <source>it repeats the others</source>
        <translation>er die anderen wiederholt</translation>
    </message>
    <message>
        <source>it has the most images</source>
        <translation>er die meisten Bilder hat</translation>
    </message>
    <message>
        <source>its series comes first</source>
        <translation>seine Serie die erste ist</translation>
    </message>
    <message>
        <source>The most likely scan cannot be read, so another is shown: {error}.</source>
        <translation>Der wahrscheinlichste Scan lässt sich nicht lesen, daher wird ein anderer gezeigt: {error}.</translation>
    </message>
    <message>
        <source>Not read (and {count} more with faults): {error}.</source>
        <translation>Nicht gelesen (und {count} weitere fehlerhafte): {error}.</translation>
    </message>
    <message>
        <source>Not read: {error}.</source>
        <translation>Nicht gelesen: {error}.</translation>
    </message>
    <message>
        <source>slice {number}</source>
        <translation>Schicht {number}</translation>
    </message>
    <message>
        <source>slices {numbers}</source>
        <translation>Schichten {numbers}</translation>
    </message>
    <message>
        <source>series {numbers}</source>
        <translation>Serie {numbers}</translation>
    </message>
    <message>
        <source>Several series show {slices}; {series} was used there.</source>
        <translation>Mehrere Serien zeigen {slices}; dort wurde {series} verwendet.</translation>
    </message>
    <message>
        <source>Several acquisitions show {slices}; one of them was used there.</source>
        <translation>Mehrere Aufnahmen zeigen {slices}; dort wurde eine davon verwendet.</translation>
    </message>
    <message>
        <source>Phase {phase} of {count} is missing in {slices} and is left out of all slices.</source>
        <translation>Phase {phase} von {count} fehlt in {slices} und ist in allen Schichten weggelassen.</translation>
    </message>
    <message>
        <source>1 image</source>
        <translation>1 Bild</translation>
    </message>
    <message>
        <source>{count} images</source>
        <translation>{count} Bilder</translation>
    </message>
    <message>
        <source>The images were taken in real time over {beats} heartbeats: the fullest beat is shown and measured, {images} of the others are left out.</source>
        <translation>Die Bilder wurden in Echtzeit über {beats} Herzschläge aufgenommen: Der vollständigste Schlag wird gezeigt und gemessen, von den anderen bleiben {images} weg.</translation>
    </message>
    <message>
        <source>a mosaic of several slices in one image</source>
        <translation>ein Mosaik mehrerer Schichten in einem Bild</translation>
    </message>
    <message>
        <source>a series of images that all say that they lie at one place</source>
        <translation>eine Serie von Bildern, die alle angeben, an einem Ort zu liegen</translation>
    </message>
    <message>
        <source>{count} patients or studies hold one image or slice each of what is one stack by place, direction and name: their identifiers were made up, and they are taken for one patient.</source>
        <translation>{count} Patienten oder Studien enthalten je ein Bild oder eine Schicht von etwas, das nach Ort, Richtung und Name ein Stapel ist: Ihre Kennungen wurden erfunden, und sie gelten als ein Patient.</translation>
    </message>
    <message>
        <source>Slices {slices} hold images that another slice holds as well: some are copies, so volumes are not to be trusted.</source>
        <translation>Die Schichten {slices} enthalten Bilder, die auch eine andere Schicht enthält: Einige sind Kopien, daher ist den Volumina nicht zu trauen.</translation>
    </message>
    <message>
        <source>{count} of {frames} frames are copies of another one: the heartbeat has fewer phases than are shown, and end-diastole or end-systole may be missing.</source>
        <translation>{count} von {frames} Bildern sind Kopien eines anderen: Der Herzschlag hat weniger Phasen, als gezeigt werden, und Enddiastole oder Endsystole können fehlen.</translation>
    </message>
    <message>
        <source>What is called RV cavity lies within the myocardium, and the LV cavity does not: the labels are probably in another order, and then volumes are those of the other ventricle.</source>
        <translation>Was als RV-Höhle bezeichnet ist, liegt im Myokard, und die LV-Höhle nicht: Die Labels stehen wahrscheinlich in anderer Reihenfolge, und dann gehören die Volumina zum anderen Ventrikel.</translation>
    </message>
    <message>
        <source>What is called LV cavity hardly touches what is called myocardium: the labels are probably in another order, and then no volume is to be trusted.</source>
        <translation>Was LV-Höhle heißt, berührt kaum, was Myokard heißt: Die Labels haben wahrscheinlich eine andere Reihenfolge, und dann ist kein Volumen verlässlich.</translation>
    </message>
    <message>
        <source>Nothing says which mask is of which frame: they are taken in this order: {names}.</source>
        <translation>Nichts sagt, welche Maske zu welchem Bild gehört: Sie werden in dieser Reihenfolge genommen: {names}.</translation>
    </message>
    <message>
        <source>Nothing says which file is of which phase: {first} is taken for end-diastole, {second} for end-systole.</source>
        <translation>Nichts sagt, welche Datei zu welcher Phase gehört: {first} wird als Enddiastole genommen, {second} als Endsystole.</translation>
    </message>
    <message>
        <source>The file gives no unit of its time step: {step} ms from frame to frame are assumed.</source>
        <translation>Die Datei gibt keine Einheit ihres Zeitschritts an: {step} ms von Bild zu Bild werden angenommen.</translation>
    </message>
    <message>
        <source>Voxels of {size} are not those of a heart scan: volumes in mL and lengths in mm are not to be trusted until the spacing is given.</source>
        <translation>Voxel von {size} sind nicht die einer Herzaufnahme: Volumina in mL und Längen in mm sind nicht verlässlich, bis die Voxelgröße eingegeben ist.</translation>
    </message>
    <message>
        <source>Images of this series that lie in the same slices, but on other pixels or in another direction, are left out ({count}): end-diastole or end-systole may be among them.</source>
        <translation>Bilder dieser Serie, die in denselben Schichten liegen, aber auf anderen Pixeln oder in anderer Richtung, sind ausgelassen ({count}): Enddiastole oder Endsystole kann darunter sein.</translation>
    </message>
    <message>
        <source>The files&apos; {clock} and their temporal positions give the frames different orders: the former are used. If they are wrong, the ejection fraction is too small.</source>
        <translation>{clock} der Dateien und ihre zeitlichen Positionen geben den Bildern verschiedene Reihenfolgen: Erstere werden verwendet. Sind sie falsch, ist die Ejektionsfraktion zu klein.</translation>
    </message>
    <message>
        <source>Frames of a slice are shifted against each other by up to {shift} mm within their plane and shown as if aligned (slices {list}).</source>
        <translation>Bilder einer Schicht sind in ihrer Ebene um bis zu {shift} mm gegeneinander verschoben und werden dargestellt, als lägen sie übereinander (Schichten {list}).</translation>
    </message>
    <message>
        <source>The images have {count} frames of reference (another than most in slices {list}): the patient may have been moved, and then they do not lie where they seem to.</source>
        <translation>Die Bilder haben {count} Bezugssysteme (ein anderes als die meisten in Schichten {list}): Vielleicht wurde der Patient bewegt, und dann liegen sie nicht, wo sie zu liegen scheinen.</translation>
    </message>
    <message>
        <source>The images have {count} frames of reference: the patient may have been moved, and then they do not lie where they seem to.</source>
        <translation>Die Bilder haben {count} Bezugssysteme: Vielleicht wurde der Patient bewegt, und dann liegen sie nicht, wo sie zu liegen scheinen.</translation>
    </message>
    <message>
        <source>The headers give {stated} mm from slice to slice, the positions {step} mm: the positions are used. Slices may be missing.</source>
        <translation>Die Header geben {stated} mm von Schicht zu Schicht an, die Positionen {step} mm: Die Positionen werden verwendet. Vielleicht fehlen Schichten.</translation>
    </message>
    <message>
        <source>The headers give {stated} mm from slice to slice, the positions {step} mm: the positions are used.</source>
        <translation>Die Header geben {stated} mm von Schicht zu Schicht an, die Positionen {step} mm: Die Positionen werden verwendet.</translation>
    </message>
    <message>
        <source>The slices differ in the time from frame to frame: {least} to {most} ms. Frames are put together by their number: unless the heart rate changed as much, volumes are of slices at different times of the heartbeat.</source>
        <translation>Die Schichten unterscheiden sich in der Zeit von Bild zu Bild: {least} bis {most} ms. Bilder werden nach ihrer Nummer zusammengestellt: Wenn sich die Herzfrequenz nicht ebenso geändert hat, sind Volumina aus Schichten zu verschiedenen Zeiten des Herzschlags.</translation>
    </message>
    <message>
        <source>The times in the headers are no milliseconds of a heartbeat ({first} to {last}): they give the order of the frames, and no rates.</source>
        <translation>Die Zeiten in den Headern sind keine Millisekunden eines Herzschlags ({first} bis {last}): Sie geben die Reihenfolge der Bilder an und keine Raten.</translation>
    </message>
    <message>
        <source>Frames that all slices have at one and the same time after the R wave: {list}.</source>
        <translation>Bilder, die in allen Schichten dieselbe Zeit nach der R-Zacke haben: {list}.</translation>
    </message>
    <message>
        <source>The mask has another patient ID than the scan: it may be of another patient. Check that before you trust any number.</source>
        <translation>Die Maske hat eine andere Patienten-ID als die Aufnahme: Sie gehört vielleicht zu einer anderen Person. Prüfen Sie das, bevor Sie einer Zahl vertrauen.</translation>
    </message>
    <message>
        <source>The mask has another frame of reference than the scan: the patient may have been moved between the two, and then it does not lie where it seems to.</source>
        <translation>Die Maske hat ein anderes Bezugssystem als die Aufnahme: Vielleicht wurde die Person dazwischen bewegt, dann liegt die Maske nicht dort, wo sie zu liegen scheint.</translation>
    </message>
    <message>
        <source>The mask would fit the scan better {how}: it may be laid wrongly, or be of another scan. Check its outlines before you trust any number.</source>
        <translation>Die Maske würde {how} besser zur Aufnahme passen: Sie liegt vielleicht falsch oder gehört zu einer anderen Aufnahme. Prüfen Sie ihre Konturen, bevor Sie einer Zahl vertrauen.</translation>
    </message>
    <message>
        <source>flipped left to right</source>
        <translation>seitlich gespiegelt</translation>
    </message>
    <message>
        <source>flipped top to bottom</source>
        <translation>von oben nach unten gespiegelt</translation>
    </message>
    <message>
        <source>turned by half a turn</source>
        <translation>um eine halbe Drehung gedreht</translation>
    </message>
    <message>
        <source>with rows and columns interchanged</source>
        <translation>mit vertauschten Zeilen und Spalten</translation>
    </message>
    <message>
        <source>with its slices in reverse order</source>
        <translation>mit umgekehrter Reihenfolge ihrer Schichten</translation>
    </message>
    <message>
        <source>with its two phases interchanged</source>
        <translation>mit vertauschten Phasen</translation>
    </message>
    <message>
        <source>with its frames shifted in time</source>
        <translation>mit zeitlich verschobenen Bildern</translation>
    </message>
    <message>
        <source>The LV cavity is no brighter than the myocardium in most slices: the mask may be flipped, in another order, or of another scan.</source>
        <translation>Das LV-Kavum ist in den meisten Schichten nicht heller als das Myokard: Die Maske ist vielleicht gespiegelt, in anderer Reihenfolge oder von einer anderen Aufnahme.</translation>
    </message>
    <message>
        <source>The mask marks no voxel: there is nothing to measure.</source>
        <translation>Die Maske markiert kein Voxel: Es gibt nichts zu messen.</translation>
    </message>
    <message>
        <source>Segments that are neither ventricle nor myocardium are left out: {names}.</source>
        <translation>Segmente, die weder Ventrikel noch Myokard sind, bleiben weg: {names}.</translation>
    </message>
    <message>
        <source>1 slice of a series of its own lies far beyond the stack and is left out.</source>
        <translation>1 Schicht einer eigenen Serie liegt weit jenseits des Stapels und bleibt weg.</translation>
    </message>
    <message>
        <source>{count} slices of series of their own lie far beyond the stack and are left out.</source>
        <translation>{count} Schichten eigener Serien liegen weit jenseits des Stapels und bleiben weg.</translation>
    </message>
    <message>
        <source>Images of this series that do not say where they lie are left out ({count}): mL are not to be trusted.</source>
        <translation>Bilder dieser Serie ohne Lageangabe sind weggelassen ({count}): mL sind nicht verlässlich.</translation>
    </message>
    <message>
        <source>images that do not say where they lie are left out</source>
        <translation>Bilder ohne Lageangabe sind weggelassen</translation>
    </message>
    <message>
        <source>{images} without a pixel spacing: that of the others is used.</source>
        <translation>{images} ohne Pixelabstand: der der übrigen wird verwendet.</translation>
    </message>
    <message>
        <source>Slices that begin up to {most} ms earlier or later after the R wave than the others: {slices}. Frames are put together by their number, so volumes are of slices at different times of the heartbeat.</source>
        <translation>Schichten, die bis zu {most} ms früher oder später nach der R-Zacke beginnen als die übrigen: {slices}. Bilder werden nach ihrer Nummer zusammengesetzt, die Volumina enthalten also Schichten verschiedener Zeitpunkte des Herzschlags.</translation>
    </message>
    <message>
        <source>The files differ in the time from frame to frame: {least} to {most} ms. Their mean is used; check that the frames of all slices are of the same times in the heartbeat.</source>
        <translation>Die Dateien unterscheiden sich in der Zeit von Bild zu Bild: {least} bis {most} ms. Ihr Mittel wird verwendet; bitte prüfen, ob die Bilder aller Schichten von denselben Zeitpunkten des Herzschlags sind.</translation>
    </message>
    <message>
        <source>The axes in the header are {degrees}° away from right angles: the images are shown as if they were at right angles. Volumes take the angle into account, lengths do not.</source>
        <translation>Die Achsen im Header weichen um {degrees}° vom rechten Winkel ab: Die Bilder werden gezeigt, als stünden sie senkrecht aufeinander. Volumina berücksichtigen den Winkel, Längen nicht.</translation>
    </message>
    <message>
        <source>Spacing unknown: the header lacks a voxel size. Volumes in mL and lengths in mm are not to be trusted until the spacing is given.</source>
        <translation>Voxelgröße unbekannt: Im Header fehlt eine Voxelgröße. Volumina in mL und Längen in mm sind nicht verlässlich, bis die Voxelgröße eingegeben ist.</translation>
    </message>
    <message>
        <source>The file&apos;s axes seem to be (x, y, time, slice): its {third} × {fourth} images are shown as {slices} slices of {frames} frames, though the header says the opposite. Check that before you trust any volume.</source>
        <translation>Die Achsen der Datei scheinen (x, y, Zeit, Schicht) zu sein: Ihre {third} × {fourth} Bilder werden als {slices} Schichten mit {frames} Phasen gezeigt, obwohl der Header das Gegenteil sagt. Bitte prüfen, bevor Volumina verwendet werden.</translation>
    </message>
    <message>
        <source>The file&apos;s third axis seems to be time: its {count} images differ as little as frames of one slice do, so they are shown as a cine of one slice and not as a stack.</source>
        <translation>Die dritte Achse der Datei scheint die Zeit zu sein: Ihre {count} Bilder unterscheiden sich so wenig wie Phasen einer Schicht und werden daher als Cine einer Schicht gezeigt, nicht als Stapel.</translation>
    </message>
    <message>
        <source>Frame {frame} of {frames} holds no image, only one value, and is left out.</source>
        <translation>Phase {frame} von {frames} enthält kein Bild, nur einen einzigen Wert, und ist weggelassen.</translation>
    </message>
    <message>
        <source>{count} of {frames} frames ({first} to {last}) hold no image, only one value, and are left out.</source>
        <translation>{count} von {frames} Phasen ({first} bis {last}) enthalten kein Bild, nur einen einzigen Wert, und sind weggelassen.</translation>
    </message>
    <message>
        <source>The header gives two voxel sizes, {norms} (sform) and {sizes} (pixdim): {which} is used.</source>
        <translation>Der Header nennt zwei Voxelgrößen, {norms} (sform) und {sizes} (pixdim): {which} wird verwendet.</translation>
    </message>
    <message>
        <source>the sform</source>
        <translation>die sform</translation>
    </message>
    <message>
        <source>LV volume = 8 A² / (3 π L), from the area A and the length L of its cavity in one plane (area–length; Dodge et al., Am Heart J 1960;60:762; Lang et al., J Am Soc Echocardiogr 2015;28:1).</source>
        <translation>LV-Volumen = 8 A² / (3 π L), aus Fläche A und Länge L seiner Höhle in einer Ebene (Flächen-Längen-Methode; Dodge et al., Am Heart J 1960;60:762; Lang et al., J Am Soc Echocardiogr 2015;28:1).</translation>
    </message>
    <message>
        <source>L runs from the middle of the mitral plane, the part of the cavity&apos;s edge without myocardium, to the farthest point of the cavity.</source>
        <translation>L verläuft von der Mitte der Mitralebene, dem Teil des Höhlenrands ohne Myokard, zum entferntesten Punkt der Höhle.</translation>
    </message>
    <message>
        <source>RV fractional area change = (end-diastolic − end-systolic area) / end-diastolic area (Rudski et al., J Am Soc Echocardiogr 2010;23:685).</source>
        <translation>Fraktionelle Flächenänderung des RV = (enddiastolische − endsystolische Fläche) / enddiastolische Fläche (Rudski et al., J Am Soc Echocardiogr 2010;23:685).</translation>
    </message>
    <message>
        <source>Long-axis shortening = (end-diastolic − end-systolic L) / end-diastolic L.</source>
        <translation>Längsverkürzung = (enddiastolisches − endsystolisches L) / enddiastolisches L.</translation>
    </message>
    <message>
        <source>One plane is taken for the whole ventricle: volumes are not those of a short-axis stack.</source>
        <translation>Eine Ebene steht für den ganzen Ventrikel: Die Volumina sind nicht die eines Kurzachsenstapels.</translation>
    </message>
    <message>
        <source>The scan does not say its spacing: only ratios are to be trusted.</source>
        <translation>Die Untersuchung nennt keine Abstände: Nur Verhältnisse sind verlässlich.</translation>
    </message>
    <message>
        <source>Wall thickness by the centreline method: chords at right angles to the line midway between endocardium and epicardium, averaged over each segment (100 chords per slice). Thickening = (end-systole − end-diastole) / end-diastole. Each phase is divided into thirds by its own slices.</source>
        <translation>Wanddicke nach der Centerline-Methode: Sehnen senkrecht zur Linie mittig zwischen Endokard und Epikard, über jedes Segment gemittelt (100 Sehnen je Schicht). Wandverdickung = (Endsystole − Enddiastole) / Enddiastole. Jede Phase wird nach ihren eigenen Schichten in Drittel geteilt.</translation>
    </message>
    <message>
        <source>Slice {number} is tilted against the others by up to {degrees}°; they are shown and measured as if parallel.</source>
        <translation>Schicht {number} ist um bis zu {degrees}° gegen die anderen gekippt; sie werden gezeigt und gemessen, als wären sie parallel.</translation>
    </message>
    <message>
        <source>Slices {numbers} are tilted against the others by up to {degrees}°; they are shown and measured as if parallel.</source>
        <translation>Die Schichten {numbers} sind um bis zu {degrees}° gegen die anderen gekippt; sie werden gezeigt und gemessen, als wären sie parallel.</translation>
    </message>
    <message>
        <source>Slice {number} is of another pixel grid than the others, and resampled to theirs.</source>
        <translation>Schicht {number} hat ein anderes Pixelraster als die anderen und wurde auf deren Raster umgerechnet.</translation>
    </message>
    <message>
        <source>Slices {numbers} are of another pixel grid than the others, and resampled to theirs.</source>
        <translation>Die Schichten {numbers} haben ein anderes Pixelraster als die anderen und wurden auf deren Raster umgerechnet.</translation>
    </message>
    <message>
        <source>1 slice position is nearer to another one than half the distance between slices ({step} mm), as after a repeated breath-hold; one of each is used.</source>
        <translation>1 Schichtposition liegt näher an einer anderen als der halbe Schichtabstand ({step} mm), wie nach einem wiederholten Atemstopp; jeweils eine wird verwendet.</translation>
    </message>
    <message>
        <source>{count} slice positions are nearer to another one than half the distance between slices ({step} mm), as after a repeated breath-hold; one of each is used.</source>
        <translation>{count} Schichtpositionen liegen näher an einer anderen als der halbe Schichtabstand ({step} mm), wie nach einem wiederholten Atemstopp; jeweils eine wird verwendet.</translation>
    </message>
    <message>
        <source>1 image is there more than once; one copy of each is used.</source>
        <translation>1 Bild ist mehrfach vorhanden; eine Kopie davon wird verwendet.</translation>
    </message>
    <message>
        <source>{count} images are there more than once; one copy of each is used.</source>
        <translation>{count} Bilder sind mehrfach vorhanden; von jedem wird eine Kopie verwendet.</translation>
    </message>
    <message>
        <source>Slice {number} (counted along the stack) has {phases} of {count} phases and is left out.</source>
        <translation>Schicht {number} (entlang des Stapels gezählt) hat {phases} von {count} Phasen und wird weggelassen.</translation>
    </message>
    <message>
        <source>Slices {numbers} (counted along the stack) have {phases} of {count} phases and are left out.</source>
        <translation>Die Schichten {numbers} (entlang des Stapels gezählt) haben {phases} von {count} Phasen und werden weggelassen.</translation>
    </message>
    <message>
        <source>1 image is of a slice and phase that another image shows; the first by instance number is used.</source>
        <translation>1 Bild zeigt eine Schicht und Phase, die ein anderes Bild schon zeigt; das mit der ersten Bildnummer wird verwendet.</translation>
    </message>
    <message>
        <source>{count} images are of a slice and phase that another image shows; the first by instance number is used.</source>
        <translation>{count} Bilder zeigen eine Schicht und Phase, die ein anderes Bild schon zeigt; das mit der ersten Bildnummer wird verwendet.</translation>
    </message>
    <message>
        <source>Nearly every voxel has the value {value}: there is nothing to see or to measure. Copy the scan again.</source>
        <translation>Fast jedes Voxel hat den Wert {value}: Es gibt nichts zu sehen oder zu messen. Kopieren Sie die Aufnahme noch einmal.</translation>
    </message>
    <message>
        <source>Every voxel has the value {value}: there is nothing to see or to measure. Copy the scan again.</source>
        <translation>Jedes Voxel hat den Wert {value}: Es gibt nichts zu sehen oder zu messen. Kopieren Sie die Aufnahme noch einmal.</translation>
    </message>
    <message>
        <source>{first} and {second} look like images of two hearts or places, not like two phases of one: check that they are of one patient before you trust the ejection fraction.</source>
        <translation>{first} und {second} sehen wie Bilder zweier Herzen oder Orte aus, nicht wie zwei Phasen eines Herzens: Prüfen Sie, ob sie von einer Person sind, bevor Sie der Ejektionsfraktion vertrauen.</translation>
    </message>
    <message>
        <source>{count} files of one slice each are shown as one stack.</source>
        <translation>{count} Dateien mit je einer Schicht werden als ein Stapel gezeigt.</translation>
    </message>
    <message>
        <source>{count} of {voxels} voxels hold no number (NaN or infinite) and are shown as the darkest.</source>
        <translation>{count} von {voxels} Voxeln enthalten keine Zahl (NaN oder unendlich) und werden so dunkel wie die dunkelsten gezeigt.</translation>
    </message>
    <message>
        <source>{count} of {voxels} voxels hold {value}, a value for outside the image, and are shown as the darkest.</source>
        <translation>{count} von {voxels} Voxeln enthalten {value}, einen Wert für außerhalb des Bildes, und werden so dunkel wie die dunkelsten gezeigt.</translation>
    </message>
</context>
<context>
    <name>Function</name>
    <message>
        <source>Function</source>
        <translation>Funktion</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
    <message>
        <source>Indices and normal ranges, rates, wall, sources, precision</source>
        <translation>Indizes und Normbereiche, Raten, Wand, Quellen, Präzision</translation>
    </message>
    <message>
        <source>LV ejection fraction</source>
        <translation>LV-Ejektionsfraktion</translation>
    </message>
    <message>
        <source>RV ejection fraction</source>
        <translation>RV-Ejektionsfraktion</translation>
    </message>
    <message>
        <source>Spacing unknown: no mL and no grams, only EF.</source>
        <translation>Voxelgröße unbekannt: keine mL und Gramm, nur die EF.</translation>
    </message>
    <message>
        <source>Enter spacing…</source>
        <translation>Voxelgröße …</translation>
    </message>
    <message>
        <source>frame</source>
        <comment>axis</comment>
        <translation>Phase</translation>
    </message>
    <message>
        <source>Volumes of both ventricles over the heartbeat</source>
        <translation>Volumina beider Ventrikel über den Herzschlag</translation>
    </message>
    <message>
        <source>Click to go to a frame</source>
        <translation>Klick wechselt zu einer Phase</translation>
    </message>
    <message>
        <source>Click to go to a frame; drag ED or ES to another</source>
        <translation>Klick: zu einer Phase gehen; ED oder ES auf eine andere ziehen</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>Volumen</translation>
    </message>
    <message>
        <source>voxels, relative</source>
        <translation>Voxel, relativ</translation>
    </message>
    <message>
        <source>Volume of frame {frame}</source>
        <translation>Volumen in Phase {frame}</translation>
    </message>
    <message>
        <source>The model found neither ventricle in this scan. Is it a short-axis cine?</source>
        <translation>Das Modell hat in dieser Untersuchung keinen Ventrikel gefunden. Ist es eine Kurzachsen-Cine?</translation>
    </message>
    <message>
        <source>One phase only: ejection fraction needs end-diastole and end-systole.</source>
        <translation>Nur eine Phase: Die Ejektionsfraktion braucht Enddiastole und Endsystole.</translation>
    </message>
    <message>
        <source>From the {phases} phases; a cine would show the curve between them.</source>
        <translation>Aus den Phasen {phases}; ein Cine würde auch den Verlauf dazwischen zeigen.</translation>
    </message>
    <message>
        <source>The order of the frames is unknown: no phases and no ejection fraction.</source>
        <translation>Die Reihenfolge der Bilder ist unbekannt: keine Phasen und keine Ejektionsfraktion.</translation>
    </message>
    <message numerus="yes">
        <source>Corrected by hand: %n slice(s)</source>
        <translation>
            <numerusform>Von Hand korrigiert: %n Schicht</numerusform>
            <numerusform>Von Hand korrigiert: %n Schichten</numerusform>
        </translation>
    </message>
    <message>
        <source>Open a scan to see volumes and ejection fraction.</source>
        <translation>Eine Untersuchung öffnen, um Volumina und Ejektionsfraktion zu sehen.</translation>
    </message>
    <message>
        <source>The scan is still being read.</source>
        <translation>Die Untersuchung wird noch gelesen.</translation>
    </message>
    <message>
        <source>No model is installed, so there is nothing to measure.</source>
        <translation>Kein Modell ist installiert; es gibt nichts zu messen.</translation>
    </message>
    <message>
        <source>Measured as soon as the scan is segmented…</source>
        <translation>Messwerte folgen, sobald segmentiert ist …</translation>
    </message>
    <message>
        <source>Only single slices are segmented; volumes need them all. Press Segment.</source>
        <translation>Nur einzelne Schichten sind segmentiert; Volumina brauchen alle: „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>The segmentation was stopped. Press Segment to go on.</source>
        <translation>Die Segmentierung wurde abgebrochen. „Segmentieren“ setzt sie fort.</translation>
    </message>
    <message>
        <source>The segmentation failed; the message above the image says why.</source>
        <translation>Die Segmentierung ist fehlgeschlagen; die Meldung über dem Bild nennt den Grund.</translation>
    </message>
    <message>
        <source>Not segmented. Press Segment to do so.</source>
        <translation>Nicht segmentiert. „Segmentieren“ beginnt damit.</translation>
    </message>
    <message>
        <source>ED frame {ed}, ES {es}</source>
        <translation>ED Phase {ed}, ES {es}</translation>
    </message>
    <message>
        <source>ED {ed}, ES {es}; RV {rv_ed}, {rv_es}</source>
        <translation>ED {ed}, ES {es}; RV {rv_ed}, {rv_es}</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>correction of contours</source>
        <translation>Korrektur der Konturen</translation>
    </message>
    <message>
        <source>insertions of the right ventricle</source>
        <translation>Ansätze des rechten Ventrikels</translation>
    </message>
    <message>
        <source>details of the patient</source>
        <translation>Angaben zum Patienten</translation>
    </message>
    <message>
        <source>choice of a phase</source>
        <translation>Wahl einer Phase</translation>
    </message>
    <message>
        <source>slices that count</source>
        <translation>zählende Schichten</translation>
    </message>
    <message>
        <source>convention</source>
        <translation>Konvention</translation>
    </message>
    <message>
        <source>measurement</source>
        <translation>Messung</translation>
    </message>
    <message>
        <source>moved measurement</source>
        <translation>verschobene Messung</translation>
    </message>
    <message>
        <source>deleted measurement</source>
        <translation>gelöschte Messung</translation>
    </message>
</context>
<context>
    <name>Jobs</name>
    <message>
        <source>not enough memory; close other programs and try again</source>
        <translation>zu wenig Arbeitsspeicher; andere Programme schließen und erneut versuchen</translation>
    </message>
</context>
<context>
    <name>Lists</name>
    <message>
        <source>{first} and {second}</source>
        <translation>{first} und {second}</translation>
    </message>
</context>
<context>
    <name>LongAxis</name>
    <message>
        <source>Long axis, first plane</source>
        <translation>Langachse, erste Ebene</translation>
    </message>
    <message>
        <source>Long axis, second plane</source>
        <translation>Langachse, zweite Ebene</translation>
    </message>
    <message>
        <source>This view is a long axis itself</source>
        <translation>Diese Ansicht ist selbst eine lange Achse</translation>
    </message>
    <message>
        <source>Planes are cut out of short-axis stacks. Key 1 shows this slice.</source>
        <translation>Ebenen werden aus Kurzachsenstapeln geschnitten. Taste 1 zeigt diese Schicht.</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>Wird geladen …</translation>
    </message>
    <message>
        <source>Shown once the scan is read.</source>
        <translation>Folgt, sobald die Untersuchung gelesen ist.</translation>
    </message>
    <message>
        <source>No long axis in a single slice</source>
        <translation>Keine Langachse in einer einzelnen Schicht</translation>
    </message>
    <message>
        <source>Open the whole stack. Key 1 shows this slice.</source>
        <translation>Den ganzen Stapel öffnen. Taste 1 zeigt diese Schicht.</translation>
    </message>
    <message>
        <source>spacing unknown: proportions are a guess</source>
        <translation>Voxelgröße unbekannt: Proportionen geschätzt</translation>
    </message>
    <message>
        <source>slice {number}</source>
        <translation>Schicht {number}</translation>
    </message>
    <message>
        <source>Function, four-chamber view</source>
        <translation>Funktion, Vierkammerblick</translation>
    </message>
    <message>
        <source>Areas of both ventricles over the heartbeat</source>
        <translation>Flächen beider Ventrikel über den Herzschlag</translation>
    </message>
    <message>
        <source>From one plane, by area and length: not comparable with a short-axis stack.</source>
        <translation>Aus einer Ebene, nach Fläche und Länge: nicht mit einem Kurzachsenstapel vergleichbar.</translation>
    </message>
    <message>
        <source>LV area</source>
        <translation>LV-Fläche</translation>
    </message>
    <message>
        <source>LV length</source>
        <translation>LV-Länge</translation>
    </message>
    <message>
        <source>RV area</source>
        <translation>RV-Fläche</translation>
    </message>
    <message>
        <source>Myocardial area</source>
        <translation>Myokardfläche</translation>
    </message>
    <message>
        <source>LV ejection fraction</source>
        <translation>LV-Ejektionsfraktion</translation>
    </message>
    <message>
        <source>LV end-diastolic volume</source>
        <translation>Enddiastolisches LV-Volumen</translation>
    </message>
    <message>
        <source>LV end-systolic volume</source>
        <translation>Endsystolisches LV-Volumen</translation>
    </message>
    <message>
        <source>LV stroke volume</source>
        <translation>LV-Schlagvolumen</translation>
    </message>
    <message>
        <source>LV long-axis shortening</source>
        <translation>LV-Längsverkürzung</translation>
    </message>
    <message>
        <source>RV fractional area change</source>
        <translation>RV-Flächenänderung (FAC)</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Masks (*.nii *.nii.gz *.dcm);;All files (*)</source>
        <translation>Masken (*.nii *.nii.gz *.dcm);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Drop to open</source>
        <translation>Zum Öffnen loslassen</translation>
    </message>
    <message>
        <source>Studies, model and structures</source>
        <translation>Untersuchungen, Modell und Strukturen</translation>
    </message>
    <message>
        <source>Function and performance</source>
        <translation>Funktion und Leistung</translation>
    </message>
    <message>
        <source>From the next start on</source>
        <translation>Ab dem nächsten Start</translation>
    </message>
    <message>
        <source>Wait until the scan is read</source>
        <translation>Warten, bis die Untersuchung gelesen ist</translation>
    </message>
    <message>
        <source>Open a scan first</source>
        <translation>Zuerst eine Untersuchung öffnen</translation>
    </message>
    <message>
        <source>Press 9 to read them</source>
        <translation>Taste 9 liest sie ein</translation>
    </message>
    <message>
        <source>Hidden while names are hidden (N)</source>
        <translation>Ausgeblendet, solange Namen ausgeblendet sind (N)</translation>
    </message>
    <message>
        <source>No scan was opened yet</source>
        <translation>Noch keine Untersuchung geöffnet</translation>
    </message>
    <message>
        <source>Open a scan</source>
        <translation>Untersuchung öffnen</translation>
    </message>
    <message>
        <source>Scans ({patterns});;All files (*)</source>
        <translation>Aufnahmen ({patterns});;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Open a folder of DICOM or NIfTI files</source>
        <translation>Ordner mit DICOM- oder NIfTI-Dateien öffnen</translation>
    </message>
    <message>
        <source>A mask goes with a scan: open the scan first.</source>
        <translation>Eine Maske gehört zu einer Untersuchung: zuerst die Untersuchung öffnen.</translation>
    </message>
    <message>
        <source>Load a mask of this scan</source>
        <translation>Maske dieser Untersuchung laden</translation>
    </message>
    <message>
        <source>The mask is of one frame: it is taken for frame {number}, which is on screen.</source>
        <translation>Die Maske enthält nur eine Phase: Sie wird für die angezeigte Phase {number} genommen.</translation>
    </message>
    <message>
        <source>Export mask</source>
        <translation>Maske exportieren</translation>
    </message>
    <message>
        <source>Folder (*)</source>
        <translation>Ordner (*)</translation>
    </message>
    <message>
        <source>Export DICOM SEG: a new folder</source>
        <translation>DICOM SEG exportieren: ein neuer Ordner</translation>
    </message>
    <message>
        <source>Export DICOM objects: a new folder</source>
        <translation>DICOM-Objekte exportieren: ein neuer Ordner</translation>
    </message>
    <message>
        <source>Export DICOM object</source>
        <translation>DICOM-Objekt exportieren</translation>
    </message>
    <message>
        <source>Open a scan from files first: the built-in one has no patient.</source>
        <translation>Zuerst eine Untersuchung aus Dateien öffnen: Die eingebaute ist von niemandem.</translation>
    </message>
    <message>
        <source>Anonymous copy of the scan: a new folder</source>
        <translation>Anonyme Kopie der Untersuchung: ein neuer Ordner</translation>
    </message>
    <message>
        <source>DICOM objects need a scan opened from DICOM, which they refer to. Export this one as NIfTI or PDF.</source>
        <translation>DICOM-Objekte setzen eine aus DICOM geöffnete Untersuchung voraus, auf die sie sich beziehen. Diese als NIfTI oder PDF exportieren.</translation>
    </message>
    <message>
        <source>Export measurements</source>
        <translation>Messwerte exportieren</translation>
    </message>
    <message>
        <source>A movie needs a cine; this scan has one frame.</source>
        <translation>Ein Film braucht eine Cine-Aufnahme; diese hat nur eine Phase.</translation>
    </message>
    <message>
        <source>Export movie of the slice</source>
        <translation>Film der Schicht exportieren</translation>
    </message>
    <message>
        <source>The results are in the clipboard.</source>
        <translation>Die Ergebnisse sind in der Zwischenablage.</translation>
    </message>
    <message>
        <source>Nothing to save yet: open a scan first.</source>
        <translation>Noch nichts zu speichern: zuerst eine Untersuchung öffnen.</translation>
    </message>
    <message>
        <source>Save picture</source>
        <translation>Bild speichern</translation>
    </message>
    <message>
        <source>Saved {path}</source>
        <translation>Gespeichert: {path}</translation>
    </message>
    <message>
        <source>{path}: could not be written; choose a folder that you may write to</source>
        <translation>{path}: konnte nicht geschrieben werden; einen Ordner mit Schreibrecht wählen</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>Pseudonym</translation>
    </message>
    <message>
        <source>Files and tables of this scan name</source>
        <translation>Dateien und Tabellen dieser Aufnahme nennen</translation>
    </message>
    <message>
        <source>Save report</source>
        <translation>Befund speichern</translation>
    </message>
    <message>
        <source>The language changes when CineQuant is started again.</source>
        <translation>Die Sprache wechselt beim nächsten Start von CineQuant.</translation>
    </message>
    <message>
        <source>Another scan has come on screen meanwhile, so nothing was done. Choose the command again.</source>
        <translation>Inzwischen ist eine andere Aufnahme auf dem Schirm, deshalb wurde nichts getan. Wählen Sie den Befehl noch einmal.</translation>
    </message>
</context>
<context>
    <name>MaskDialog</name>
    <message>
        <source>1 LV cavity, 2 LV myocardium, 3 RV cavity
M&amp;&amp;Ms, M&amp;&amp;Ms-2, and masks that CineQuant exports</source>
        <translation>1 LV-Kavum, 2 LV-Myokard, 3 RV-Kavum
M&amp;&amp;Ms, M&amp;&amp;Ms-2 und von CineQuant exportierte Masken</translation>
    </message>
    <message>
        <source>1 RV cavity, 2 LV myocardium, 3 LV cavity
ACDC</source>
        <translation>1 RV-Kavum, 2 LV-Myokard, 3 LV-Kavum
ACDC</translation>
    </message>
    <message>
        <source>Load mask</source>
        <translation>Maske laden</translation>
    </message>
    <message>
        <source>What do the values in {file} mean?</source>
        <translation>Was bedeuten die Werte in {file}?</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>Laden</translation>
    </message>
</context>
<context>
    <name>Measuring</name>
    <message>
        <source>This scan has one frame only: there are no phases to choose.</source>
        <translation>Diese Aufnahme hat nur ein Bild: Es gibt keine Phasen zu wählen.</translation>
    </message>
    <message>
        <source>One frame cannot be both end-diastole and end-systole.</source>
        <translation>Eine Phase kann nicht Enddiastole und Endsystole zugleich sein.</translation>
    </message>
</context>
<context>
    <name>Menu</name>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Open recent</source>
        <translation>Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>Files and tables name</source>
        <translation>Dateien und Tabellen nennen</translation>
    </message>
    <message>
        <source>DICOM objects for an archive</source>
        <translation>DICOM-Objekte für ein Archiv</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>Export</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>Long axes beside the slice</source>
        <translation>Lange Achsen neben der Schicht</translation>
    </message>
    <message>
        <source>Window presets</source>
        <translation>Fenstervorgaben</translation>
    </message>
    <message>
        <source>Cine</source>
        <translation>Cine</translation>
    </message>
    <message>
        <source>Take the slice for</source>
        <translation>Schicht behandeln als</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hilfe</translation>
    </message>
    <message>
        <source>Slices that count</source>
        <translation>Zählende Schichten</translation>
    </message>
    <message>
        <source>Conventions</source>
        <translation>Konventionen</translation>
    </message>
    <message>
        <source>Measure</source>
        <translation>Messen</translation>
    </message>
    <message>
        <source>Contours of this slice</source>
        <translation>Konturen dieser Schicht</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>Measure on the image</source>
        <translation>Im Bild messen</translation>
    </message>
    <message>
        <source>Turn the view</source>
        <translation>Ansicht drehen</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Details</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Close this message</source>
        <translation>Diese Meldung schließen</translation>
    </message>
</context>
<context>
    <name>ModelPanel</name>
    <message>
        <source>Outline</source>
        <translation>Kontur</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>Fläche</translation>
    </message>
    <message>
        <source>Voxels</source>
        <translation>Voxel</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>About this model: purpose, limits, training data, accuracy</source>
        <translation>Über dieses Modell: Zweck, Grenzen, Trainingsdaten, Genauigkeit</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segmentieren</translation>
    </message>
    <message>
        <source>This slice only</source>
        <translation>Nur diese Schicht</translation>
    </message>
    <message>
        <source>Segment the slice and frame on screen and nothing else (Ctrl+Return)</source>
        <translation>Nur die gezeigte Schicht in der gezeigten Phase segmentieren, sonst nichts (Strg+Return)</translation>
    </message>
    <message>
        <source>Looking for models…</source>
        <translation>Modelle werden gesucht …</translation>
    </message>
    <message>
        <source>No model installed</source>
        <translation>Kein Modell installiert</translation>
    </message>
    <message>
        <source>Show what the model finds in {precision} (P switches)</source>
        <translation>Ergebnis des Modells in {precision} zeigen (P schaltet um)</translation>
    </message>
    <message>
        <source>Structures</source>
        <translation>Strukturen</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>Ausblenden</translation>
    </message>
    <message>
        <source>Hide or show all outlines (H)</source>
        <translation>Alle Konturen aus- oder einblenden (H)</translation>
    </message>
    <message>
        <source>Volume in the frame on screen</source>
        <translation>Volumen in der angezeigten Phase</translation>
    </message>
    <message>
        <source>Volume at end-diastole and at end-systole</source>
        <translation>Volumen in Enddiastole und Endsystole</translation>
    </message>
    <message>
        <source>How structures are drawn (F)</source>
        <translation>Darstellung der Strukturen (F)</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Deckkraft</translation>
    </message>
    <message>
        <source>Opacity of the fill</source>
        <translation>Deckkraft der Fläche</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Einblenden</translation>
    </message>
    <message>
        <source>Segmenting: {done} of {total} slices</source>
        <translation>Segmentierung: {done} von {total} Schichten</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>In der Warteschlange</translation>
    </message>
    <message>
        <source>{done} of {total} slices, one by one; volumes need them all.</source>
        <translation>{done} von {total} Schichten, einzeln; Volumina brauchen alle.</translation>
    </message>
    <message>
        <source>Stopped before the end: nothing is drawn.</source>
        <translation>Vorzeitig abgebrochen: Es wird nichts dargestellt.</translation>
    </message>
    <message>
        <source>Failed: nothing is drawn.</source>
        <translation>Fehlgeschlagen: Es wird nichts dargestellt.</translation>
    </message>
</context>
<context>
    <name>Mouse</name>
    <message>
        <source>Wheel</source>
        <translation>Mausrad</translation>
    </message>
    <message>
        <source>Slice</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Shift + wheel</source>
        <translation>Umschalt + Mausrad</translation>
    </message>
    <message>
        <source>Frame</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>Left drag</source>
        <translation>Links ziehen</translation>
    </message>
    <message>
        <source>Brightness ↕ and contrast ↔</source>
        <translation>Helligkeit ↕ und Kontrast ↔</translation>
    </message>
    <message>
        <source>Left drag while correcting</source>
        <translation>Links ziehen beim Korrigieren</translation>
    </message>
    <message>
        <source>Draw; Shift: the other tool; Ctrl: contrast</source>
        <translation>Zeichnen; Umschalt: anderes Werkzeug; Strg: Kontrast</translation>
    </message>
    <message>
        <source>Ctrl + wheel while correcting</source>
        <translation>Strg + Mausrad beim Korrigieren</translation>
    </message>
    <message>
        <source>Size of the brush</source>
        <translation>Größe des Pinsels</translation>
    </message>
    <message>
        <source>Middle drag</source>
        <translation>Mitte ziehen</translation>
    </message>
    <message>
        <source>Move the image</source>
        <translation>Bild verschieben</translation>
    </message>
    <message>
        <source>Right drag</source>
        <translation>Rechts ziehen</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>Zoom</translation>
    </message>
    <message>
        <source>Double click</source>
        <translation>Doppelklick</translation>
    </message>
    <message>
        <source>Reset view and window</source>
        <translation>Ansicht und Fensterung zurücksetzen</translation>
    </message>
    <message>
        <source>Drop files or a folder</source>
        <translation>Dateien oder Ordner ablegen</translation>
    </message>
    <message>
        <source>Open a scan</source>
        <translation>Untersuchung öffnen</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>,</source>
        <comment>between thousands</comment>
        <translation>&#x202f;</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Type a command</source>
        <translation>Befehl eingeben</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Commands that fit</source>
        <translation>Passende Befehle</translation>
    </message>
    <message>
        <source>No command is called that.</source>
        <translation>Kein Befehl heißt so.</translation>
    </message>
</context>
<context>
    <name>Panes</name>
    <message>
        <source>End-diastole</source>
        <translation>Enddiastole</translation>
    </message>
    <message>
        <source>End-systole</source>
        <translation>Endsystole</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>Wird geladen …</translation>
    </message>
    <message>
        <source>This slice is not read yet.</source>
        <translation>Diese Schicht ist noch nicht gelesen.</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Unterschied</translation>
    </message>
    <message>
        <source>Corrected</source>
        <translation>Korrigiert</translation>
    </message>
    <message>
        <source>Loaded mask</source>
        <translation>Geladene Maske</translation>
    </message>
    <message>
        <source>The mask is of frame {frames} only</source>
        <translation>Die Maske enthält nur Phase {frames}</translation>
    </message>
    <message>
        <source>Shown once both are done</source>
        <translation>Folgt, sobald beide fertig sind</translation>
    </message>
    <message>
        <source>Shown once the scan is read</source>
        <translation>Folgt, sobald die Untersuchung gelesen ist</translation>
    </message>
    <message>
        <source>No model is installed</source>
        <translation>Kein Modell installiert</translation>
    </message>
    <message>
        <source>{model} does not come in {precision}</source>
        <translation>{model} gibt es nicht in {precision}</translation>
    </message>
    <message>
        <source>Not segmented: press Segment</source>
        <translation>Nicht segmentiert: „Segmentieren“ drücken</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>In der Warteschlange</translation>
    </message>
    <message>
        <source>Segmenting: {done} of {total}</source>
        <translation>Segmentierung: {done} von {total}</translation>
    </message>
    <message>
        <source>Only {done} of {total} slices</source>
        <translation>Nur {done} von {total} Schichten</translation>
    </message>
    <message>
        <source>Stopped: press Segment</source>
        <translation>Abgebrochen: „Segmentieren“ drücken</translation>
    </message>
    <message>
        <source>Failed: press Segment</source>
        <translation>Fehlgeschlagen: „Segmentieren“ drücken</translation>
    </message>
    <message>
        <source>No end-diastole in a single frame</source>
        <translation>Keine Enddiastole in einer einzelnen Phase</translation>
    </message>
    <message>
        <source>No end-systole in a single frame</source>
        <translation>Keine Endsystole in einer einzelnen Phase</translation>
    </message>
    <message>
        <source>Open a cine, or an ED and an ES file together. Key 1 shows this frame.</source>
        <translation>Eine Cine oder je eine ED- und ES-Datei zusammen öffnen. Taste 1 zeigt diese Phase.</translation>
    </message>
    <message>
        <source>The scan is still being read.</source>
        <translation>Die Untersuchung wird noch gelesen.</translation>
    </message>
    <message>
        <source>No model is installed that could find the frame. Key 1 shows all frames.</source>
        <translation>Es ist kein Modell installiert, das die Phase finden könnte. Taste 1 zeigt alle Phasen.</translation>
    </message>
    <message>
        <source>{progress}. The frames are found once all are segmented.</source>
        <translation>{progress}. Die Phasen stehen fest, sobald alle segmentiert sind.</translation>
    </message>
    <message>
        <source>The model found no beating left ventricle in this scan. Key 1 shows its frames.</source>
        <translation>Das Modell hat in dieser Untersuchung keinen schlagenden linken Ventrikel gefunden. Taste 1 zeigt die Phasen.</translation>
    </message>
    <message>
        <source>The frame is found once the cine is segmented: press Segment.</source>
        <translation>Die Phase steht fest, sobald das Cine segmentiert ist: „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>{phase} is not known yet</source>
        <translation>{phase} ist noch nicht bekannt</translation>
    </message>
</context>
<context>
    <name>PatientBar</name>
    <message>
        <source>Research use only, not for diagnosis</source>
        <translation>Nur für die Forschung, nicht zur Diagnostik</translation>
    </message>
    <message>
        <source>NIfTI scan</source>
        <translation>NIfTI-Untersuchung</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>Aufnahme</translation>
    </message>
    <message>
        <source>{modality} short axis</source>
        <translation>{modality}-Kurzachse</translation>
    </message>
    <message>
        <source>{modality} four-chamber view</source>
        <translation>{modality} Vierkammerblick</translation>
    </message>
    <message>
        <source>{modality} single slice</source>
        <translation>{modality}-Einzelschicht</translation>
    </message>
    <message>
        <source>{modality} stack</source>
        <translation>{modality}-Stapel</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s)</source>
        <translation>
            <numerusform>%n Schicht</numerusform>
            <numerusform>%n Schichten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n frame(s)</source>
        <translation>
            <numerusform>%n Phase</numerusform>
            <numerusform>%n Phasen</numerusform>
        </translation>
    </message>
    <message>
        <source>No study open</source>
        <translation>Keine Untersuchung</translation>
    </message>
    <message>
        <source>Computed heart</source>
        <translation>Berechnetes Herz</translation>
    </message>
    <message>
        <source>no patient</source>
        <translation>Phantom</translation>
    </message>
    <message>
        <source>Patient without a name</source>
        <translation>Patient ohne Namen</translation>
    </message>
    <message>
        <source>no patient data in the file</source>
        <translation>keine Patientendaten in der Datei</translation>
    </message>
    <message>
        <source>Patient hidden</source>
        <translation>Patient ausgeblendet</translation>
    </message>
    <message>
        <source>(hidden)</source>
        <translation>(ausgeblendet)</translation>
    </message>
    <message>
        <source>Show names</source>
        <translation>Namen einblenden</translation>
    </message>
    <message>
        <source>Hide names</source>
        <translation>Namen ausblenden</translation>
    </message>
    <message>
        <source>Patient and file names are hidden in the whole window; show them (N)</source>
        <translation>Patienten- und Dateinamen sind im ganzen Fenster ausgeblendet; einblenden (N)</translation>
    </message>
    <message>
        <source>Hide patient and file names in the whole window (N)</source>
        <translation>Patienten- und Dateinamen im ganzen Fenster ausblenden (N)</translation>
    </message>
</context>
<context>
    <name>PatientDialog</name>
    <message>
        <source>Age</source>
        <translation>Alter</translation>
    </message>
    <message>
        <source>years</source>
        <translation>Jahre</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>Gewicht</translation>
    </message>
    <message>
        <source>Heart rate</source>
        <translation>Herzfrequenz</translation>
    </message>
    <message>
        <source>beats a minute</source>
        <translation>Schläge pro Minute</translation>
    </message>
    <message>
        <source>female</source>
        <translation>weiblich</translation>
    </message>
    <message>
        <source>male</source>
        <translation>männlich</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>For indices by body surface area, cardiac output and normal ranges. Leave a field empty if the header is right. It is kept with the case and never in file names.</source>
        <translation>Für Indizes nach Körperoberfläche, Herzzeitvolumen und Normbereiche. Lassen Sie leer, was im Header richtig steht. Die Angaben bleiben beim Fall und stehen nie in Dateinamen.</translation>
    </message>
    <message>
        <source>Sex</source>
        <translation>Geschlecht</translation>
    </message>
    <message>
        <source>Body surface area by</source>
        <translation>Körperoberfläche nach</translation>
    </message>
    <message>
        <source>{what}: from {low} to {high}</source>
        <translation>{what}: von {low} bis {high}</translation>
    </message>
    <message>
        <source>not known</source>
        <translation>nicht bekannt</translation>
    </message>
    <message>
        <source>{value} (header)</source>
        <translation>{value} (Header)</translation>
    </message>
</context>
<context>
    <name>Performance</name>
    <message>
        <source>Median slice, ms</source>
        <translation>Median je Schicht, ms</translation>
    </message>
    <message>
        <source>95th percentile, ms</source>
        <translation>95. Perzentil, ms</translation>
    </message>
    <message>
        <source>Slices per second</source>
        <translation>Schichten je Sekunde</translation>
    </message>
    <message>
        <source>Peak memory, MB</source>
        <translation>Spitzenspeicher, MB</translation>
    </message>
    <message>
        <source>Work in int8, %</source>
        <translation>Anteil in int8, %</translation>
    </message>
    <message>
        <source>Model file, kB</source>
        <translation>Modelldatei, kB</translation>
    </message>
    <message>
        <source>Open a short-axis scan: every slice is timed here while it is segmented. Device check compares all models on this computer.</source>
        <translation>Eine Kurzachsenuntersuchung öffnen: Während der Segmentierung wird hier die Rechenzeit jeder Schicht gemessen. Der Gerätetest vergleicht alle Modelle auf diesem Computer.</translation>
    </message>
    <message>
        <source>Press Segment: every slice is timed here as it is computed. Device check compares all models on this computer.</source>
        <translation>„Segmentieren“ drücken: Hier wird die Rechenzeit jeder Schicht gemessen. Der Gerätetest vergleicht alle Modelle auf diesem Computer.</translation>
    </message>
    <message>
        <source>Performance</source>
        <translation>Leistung</translation>
    </message>
    <message>
        <source>Device check</source>
        <translation>Gerätetest</translation>
    </message>
    <message>
        <source>Time all models in all precisions on this computer, and see which is best</source>
        <translation>Rechenzeit aller Modelle in allen Genauigkeiten auf diesem Computer messen und das beste finden</translation>
    </message>
    <message>
        <source>Memory, MB</source>
        <translation>Speicher, MB</translation>
    </message>
    <message numerus="yes">
        <source>CPU, % of %n core(s)</source>
        <translation>
            <numerusform>CPU, % von %n Kern</numerusform>
            <numerusform>CPU, % von %n Kernen</numerusform>
        </translation>
    </message>
    <message>
        <source>{now} · peak {peak}</source>
        <translation>{now} · max. {peak}</translation>
    </message>
    <message>
        <source>peak {peak}</source>
        <translation>max. {peak}</translation>
    </message>
    <message>
        <source>Memory of this program (resident set) while it segmented: at most {peak} MB, now {now} MB. Since it started at most {ever} MB.</source>
        <translation>Arbeitsspeicher dieses Programms (resident set) während der Segmentierung: höchstens {peak} MB, jetzt {now} MB. Seit dem Start höchstens {ever} MB.</translation>
    </message>
    <message>
        <source>Share of all cores that this program kept busy while it segmented</source>
        <translation>Anteil aller Kerne, den dieses Programm während der Segmentierung auslastete</translation>
    </message>
    <message>
        <source>Share of all cores that this program kept busy while it segmented: {load} % in the mean.</source>
        <translation>Anteil aller Kerne, den dieses Programm während der Segmentierung auslastete: im Mittel {load} %.</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>Test läuft …</translation>
    </message>
    <message>
        <source>On this computer, {recommendation}</source>
        <translation>Auf diesem Computer: {recommendation}</translation>
    </message>
    <message>
        <source>{precision} is as fast and {size}× smaller</source>
        <translation>{precision} ist gleich schnell und {size}× kleiner</translation>
    </message>
    <message>
        <source>{precision} is {times}× faster and {size}× smaller</source>
        <translation>{precision} ist {times}× schneller und {size}× kleiner</translation>
    </message>
    <message>
        <source>{precision} is {times}× slower and {size}× smaller</source>
        <translation>{precision} ist {times}× langsamer und {size}× kleiner</translation>
    </message>
    <message>
        <source>Dice {dice} against float32</source>
        <translation>Dice {dice} gegenüber float32</translation>
    </message>
    <message>
        <source>LV EF {change} points</source>
        <translation>LV-EF {change} Prozentpunkte</translation>
    </message>
    <message>
        <source>the same LV EF</source>
        <translation>gleiche LV-EF</translation>
    </message>
    <message>
        <source>{precision}: only single slices are timed.</source>
        <translation>{precision}: nur einzelne Schichten sind gemessen.</translation>
    </message>
    <message>
        <source>{precision} did not end: press Segment.</source>
        <translation>{precision} wurde nicht fertig: „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>{precision} did not end: press P, then press Segment.</source>
        <translation>{precision} wurde nicht fertig: P, dann „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>{precision} is not timed yet: press Segment.</source>
        <translation>{precision} ist noch nicht gemessen: „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>{precision} is not timed yet: press P.</source>
        <translation>{precision} ist noch nicht gemessen: P drücken.</translation>
    </message>
    <message>
        <source>{precision} are not timed yet: press P.</source>
        <comment>several precisions</comment>
        <translation>{precision} sind noch nicht gemessen: P drücken.</translation>
    </message>
    <message numerus="yes">
        <source>%n thread(s)</source>
        <translation>
            <numerusform>%n Thread</numerusform>
            <numerusform>%n Threads</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Propagating</name>
    <message>
        <source>Carrying the correction through the cine</source>
        <translation>Korrektur wird durch das Cine übertragen</translation>
    </message>
    <message>
        <source>Contours were corrected meanwhile, so nothing was carried. Do it again.</source>
        <translation>Inzwischen wurden Konturen korrigiert, deshalb wurde nichts übertragen. Bitte noch einmal.</translation>
    </message>
    <message numerus="yes">
        <source>Carried to %n slice(s) of the other frames.</source>
        <translation>
            <numerusform>Auf %n Schicht der anderen Phasen übertragen.</numerusform>
            <numerusform>Auf %n Schichten der anderen Phasen übertragen.</numerusform>
        </translation>
    </message>
    <message>
        <source>Slices corrected by hand were left as they are. Undo takes all back.</source>
        <translation>Von Hand korrigierte Schichten blieben, wie sie sind. Rückgängig nimmt alles zurück.</translation>
    </message>
</context>
<context>
    <name>Readers</name>
    <message>
        <source>Two readers</source>
        <translation>Zwei Befunder</translation>
    </message>
    <message>
        <source>This case</source>
        <translation>Dieser Fall</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Differenz</translation>
    </message>
    <message>
        <source>Other case</source>
        <translation>Anderer Fall</translation>
    </message>
    <message>
        <source>Dice is of all frames. Neither reader is taken for the truth.</source>
        <translation>Dice ist der aller Phasen. Keiner der Befunder gilt als die Wahrheit.</translation>
    </message>
    <message>
        <source>Dice, {structure}</source>
        <translation>Dice, {structure}</translation>
    </message>
</context>
<context>
    <name>ReadingBox</name>
    <message>
        <source>Use it</source>
        <translation>Übernehmen</translation>
    </message>
    <message>
        <source>Frame {frame} is now larger than end-diastole{side}.</source>
        <translation>Phase {frame} ist jetzt größer als die Enddiastole{side}.</translation>
    </message>
    <message>
        <source>Frame {frame} is now smaller than end-systole{side}.</source>
        <translation>Phase {frame} ist jetzt kleiner als die Endsystole{side}.</translation>
    </message>
    <message>
        <source>{phases} by hand</source>
        <translation>{phases} von Hand</translation>
    </message>
    <message>
        <source>RV at its own phases</source>
        <translation>RV mit eigenen Phasen</translation>
    </message>
    <message>
        <source>base by SCMR</source>
        <translation>Basis nach SCMR</translation>
    </message>
    <message>
        <source>papillary muscles as cavity</source>
        <translation>Papillarmuskeln als Kavum</translation>
    </message>
    <message>
        <source>papillary muscles as myocardium</source>
        <translation>Papillarmuskeln als Myokard</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s) left out by the reader</source>
        <translation>
            <numerusform>%n Schicht vom Befunder ausgelassen</numerusform>
            <numerusform>%n Schichten vom Befunder ausgelassen</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Reasons</name>
    <message>
        <source>Open a scan first.</source>
        <translation>Zuerst eine Untersuchung öffnen.</translation>
    </message>
    <message>
        <source>Wait until the scan is read.</source>
        <translation>Warten, bis die Untersuchung gelesen ist.</translation>
    </message>
    <message>
        <source>This scan has one frame only.</source>
        <translation>Diese Untersuchung hat nur eine Phase.</translation>
    </message>
    <message>
        <source>This is for short-axis stacks only.</source>
        <translation>Das gibt es nur für Kurzachsenstapel.</translation>
    </message>
    <message>
        <source>This scan was not opened from files.</source>
        <translation>Diese Untersuchung wurde nicht aus Dateien geöffnet.</translation>
    </message>
    <message>
        <source>This scan was not opened from DICOM.</source>
        <translation>Diese Untersuchung wurde nicht aus DICOM geöffnet.</translation>
    </message>
    <message>
        <source>Wait until the scan is segmented.</source>
        <translation>Warten, bis die Untersuchung segmentiert ist.</translation>
    </message>
    <message>
        <source>Only single slices are segmented: press Segment first.</source>
        <translation>Nur einzelne Schichten sind segmentiert: zuerst „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>Segment the scan first.</source>
        <translation>Die Untersuchung zuerst segmentieren.</translation>
    </message>
    <message>
        <source>Load a mask first (Ctrl+L).</source>
        <translation>Zuerst eine Maske laden (Strg+L).</translation>
    </message>
    <message>
        <source>The orientation of the slices is not known: press 5 to cut planes out of them.</source>
        <translation>Die Lage der Schichten ist nicht bekannt: Taste 5 schneidet Ebenen aus ihnen.</translation>
    </message>
    <message>
        <source>Open the short-axis stack of this study: long axes stand beside one.</source>
        <translation>Den Kurzachsenstapel dieser Studie öffnen: Lange Achsen stehen neben einem solchen.</translation>
    </message>
    <message>
        <source>This study has no long-axis cine: press 5 to cut planes out of the slices.</source>
        <translation>Diese Studie hat kein Cine der langen Achse: Taste 5 schneidet Ebenen aus den Schichten.</translation>
    </message>
    <message>
        <source>Compare with another reader&apos;s case first.</source>
        <translation>Zuerst mit dem Fall eines anderen Befunders vergleichen.</translation>
    </message>
    <message>
        <source>Start correcting first (E).</source>
        <translation>Zuerst mit dem Korrigieren beginnen (E).</translation>
    </message>
    <message>
        <source>Correct a slice first.</source>
        <translation>Zuerst eine Schicht korrigieren.</translation>
    </message>
    <message>
        <source>They are as found: nothing was moved.</source>
        <translation>Sie sind, wie sie gefunden wurden: Nichts wurde verschoben.</translation>
    </message>
    <message>
        <source>This slice is as the model found it.</source>
        <translation>Diese Schicht ist, wie das Modell sie gefunden hat.</translation>
    </message>
    <message>
        <source>Nothing was changed yet.</source>
        <translation>Noch wurde nichts geändert.</translation>
    </message>
    <message>
        <source>Nothing was undone.</source>
        <translation>Es wurde nichts rückgängig gemacht.</translation>
    </message>
    <message>
        <source>There is no slice or frame beyond this.</source>
        <translation>Dahinter gibt es keine Schicht und keine Phase mehr.</translation>
    </message>
    <message>
        <source>Correct two slices of this frame that have others between them.</source>
        <translation>Zwei Schichten dieser Phase korrigieren, zwischen denen andere liegen.</translation>
    </message>
    <message>
        <source>Correct this slice in two frames that have others between them.</source>
        <translation>Diese Schicht in zwei Phasen korrigieren, zwischen denen andere liegen.</translation>
    </message>
    <message>
        <source>Correct a slice of this frame first.</source>
        <translation>Zuerst eine Schicht dieser Phase korrigieren.</translation>
    </message>
    <message>
        <source>End-diastole and end-systole are not known yet.</source>
        <translation>Enddiastole und Endsystole sind noch nicht bekannt.</translation>
    </message>
    <message>
        <source>Nothing was measured on the image yet.</source>
        <translation>Im Bild wurde noch nichts gemessen.</translation>
    </message>
    <message>
        <source>Click a measurement first.</source>
        <translation>Zuerst eine Messung anklicken.</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Name, ID and date of the study</source>
        <translation>Name, ID und Datum der Untersuchung</translation>
    </message>
    <message>
        <source>A pseudonym</source>
        <translation>Ein Pseudonym</translation>
    </message>
    <message>
        <source>A code of the scan</source>
        <translation>Ein Kürzel der Aufnahme</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Befund</translation>
    </message>
    <message>
        <source>The page as it will be</source>
        <translation>Die Seite, wie sie wird</translation>
    </message>
    <message>
        <source>Hospital</source>
        <translation>Klinik</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Logo</source>
        <translation>Logo</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>Patient</translation>
    </message>
    <message>
        <source>Pseudonym</source>
        <translation>Pseudonym</translation>
    </message>
    <message>
        <source>In your own words; kept with the case.</source>
        <translation>In eigenen Worten; bleibt beim Fall.</translation>
    </message>
    <message>
        <source>Conclusion</source>
        <translation>Beurteilung</translation>
    </message>
    <message>
        <source>Names are hidden (N): the report names nobody either.</source>
        <translation>Namen sind verborgen (N): Auch der Befund nennt niemanden.</translation>
    </message>
    <message>
        <source>Save as PDF…</source>
        <translation>Als PDF speichern …</translation>
    </message>
    <message>
        <source>Choose a logo</source>
        <translation>Logo wählen</translation>
    </message>
    <message>
        <source>Choose a PNG…</source>
        <translation>PNG wählen …</translation>
    </message>
</context>
<context>
    <name>Review</name>
    <message>
        <source>Review</source>
        <translation>Prüfen</translation>
    </message>
    <message>
        <source>Flagged slices, in the order to look at them</source>
        <translation>Schichten mit Hinweisen, in der Reihenfolge zum Ansehen</translation>
    </message>
    <message>
        <source>Flag before this one (,)</source>
        <translation>Voriger Hinweis (,)</translation>
    </message>
    <message>
        <source>Next flag (.)</source>
        <translation>Nächster Hinweis (.)</translation>
    </message>
    <message>
        <source>Reviewed</source>
        <translation>Geprüft</translation>
    </message>
    <message>
        <source>Tick this place as looked at, or take the tick away (Ctrl+.)</source>
        <translation>Diese Stelle als geprüft abhaken oder den Haken entfernen (Strg+.)</translation>
    </message>
    <message>
        <source>An order to look at slices, not a probability. A slice without a flag can be wrong too.</source>
        <translation>Eine Reihenfolge zum Ansehen, keine Wahrscheinlichkeit. Auch eine Schicht ohne Hinweis kann falsch sein.</translation>
    </message>
    <message numerus="yes">
        <source>{done} of %n reviewed</source>
        <translation>
            <numerusform>{done} von %n geprüft</numerusform>
            <numerusform>{done} von %n geprüft</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Show all %n</source>
        <translation>
            <numerusform>Alle %n zeigen</numerusform>
            <numerusform>Alle %n zeigen</numerusform>
        </translation>
    </message>
    <message>
        <source>Show the first ones</source>
        <translation>Nur die ersten zeigen</translation>
    </message>
    <message>
        <source>Not reviewed</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>Scan</source>
        <translation>Aufnahme</translation>
    </message>
    <message>
        <source>frame {number}</source>
        <translation>Phase {number}</translation>
    </message>
    <message>
        <source>frames {number}</source>
        <translation>Phasen {number}</translation>
    </message>
    <message>
        <source>All slices · {frame}</source>
        <translation>Alle Schichten · {frame}</translation>
    </message>
    <message>
        <source>Slice {number}</source>
        <translation>Schicht {number}</translation>
    </message>
    <message>
        <source>Slices {number}</source>
        <translation>Schichten {number}</translation>
    </message>
    <message>
        <source>Nothing is flagged.</source>
        <translation>Keine Hinweise.</translation>
    </message>
    <message>
        <source>Open a scan to see which slices to look at first.</source>
        <translation>Eine Aufnahme öffnen, um zu sehen, welche Schichten zuerst zu prüfen sind.</translation>
    </message>
    <message>
        <source>Only short-axis stacks are checked for flags.</source>
        <translation>Nur Kurzachsenstapel werden auf Auffälligkeiten durchgesehen.</translation>
    </message>
    <message>
        <source>Checking the outlines…</source>
        <translation>Die Konturen werden durchgesehen …</translation>
    </message>
    <message>
        <source>Flags come once the scan is segmented…</source>
        <translation>Hinweise kommen, sobald die Aufnahme segmentiert ist …</translation>
    </message>
    <message>
        <source>Not segmented, so nothing is flagged.</source>
        <translation>Nicht segmentiert, daher keine Hinweise.</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>Opening {file}</source>
        <translation>{file} wird geöffnet</translation>
    </message>
    <message>
        <source>Reading images</source>
        <translation>Bilder werden gelesen</translation>
    </message>
    <message>
        <source>{case}: its scan has unsaved changes in this window; save them first.</source>
        <translation>{case}: Die Untersuchung hat in diesem Fenster ungespeicherte Änderungen; zuerst diese speichern.</translation>
    </message>
    <message>
        <source>Computing a beating heart</source>
        <translation>Ein schlagendes Herz wird berechnet</translation>
    </message>
    <message>
        <source>The scan is still being read: wait until it is complete.</source>
        <translation>Die Untersuchung wird noch gelesen: warten, bis sie vollständig ist.</translation>
    </message>
    <message>
        <source>The whole scan is being segmented, this slice too; stop that first (Esc).</source>
        <translation>Die ganze Untersuchung wird segmentiert, diese Schicht auch; bitte erst abbrechen (Esc).</translation>
    </message>
    <message>
        <source>This slice is segmented already.</source>
        <translation>Diese Schicht ist schon segmentiert.</translation>
    </message>
    <message>
        <source>Segmenting this slice in {precision}</source>
        <translation>Diese Schicht wird in {precision} segmentiert</translation>
    </message>
    <message>
        <source>The base stays as the network finds it, in scans that are segmented from now on.</source>
        <translation>Bei Aufnahmen, die ab jetzt segmentiert werden, bleibt die Basis, wie das Netz sie findet.</translation>
    </message>
    <message>
        <source>The base is decided on after the network, in scans segmented from now on.</source>
        <translation>Bei Aufnahmen, die ab jetzt segmentiert werden, wird nach dem Netz über die Basis entschieden.</translation>
    </message>
    <message>
        <source>Segment this scan again</source>
        <translation>Diese Aufnahme neu segmentieren</translation>
    </message>
    <message>
        <source>No model is installed, so nothing can be segmented{why}. Put a model&apos;s folder into {folder} and start again.</source>
        <translation>Kein Modell ist installiert, es kann also nichts segmentiert werden{why}. Den Ordner eines Modells nach {folder} legen und neu starten.</translation>
    </message>
    <message>
        <source>{file}: not segmented, because it is {reason} and the model knows short-axis cine MR only. Open a short-axis scan, or segment it anyway.</source>
        <translation>{file}: nicht segmentiert. Es ist {reason}, und das Modell kennt nur die Kurzachsen-Cine-MRT. Eine Kurzachsenuntersuchung öffnen oder trotzdem segmentieren.</translation>
    </message>
    <message>
        <source>Segment anyway</source>
        <translation>Trotzdem segmentieren</translation>
    </message>
    <message>
        <source>A mask goes with a scan: open the scan first.</source>
        <translation>Eine Maske gehört zu einer Untersuchung: zuerst die Untersuchung öffnen.</translation>
    </message>
    <message>
        <source>A case goes with a scan: open the scan first.</source>
        <translation>Ein Fall gehört zu einer Aufnahme: zuerst die Aufnahme öffnen.</translation>
    </message>
    <message>
        <source>Reading {file}</source>
        <translation>{file} wird gelesen</translation>
    </message>
    <message>
        <source>{file} and {number} more</source>
        <translation>{file} und {number} weitere</translation>
    </message>
    <message>
        <source>ED beside ES stands still: press 1 for one slice, which plays.</source>
        <translation>ED neben ES steht still: mit 1 eine Schicht zeigen, die läuft.</translation>
    </message>
    <message>
        <source>The position of the heart is known once the scan is segmented: wait, or press Segment.</source>
        <translation>Wo das Herz liegt, ist bekannt, sobald segmentiert ist: warten oder „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>Text may be burned into the pixels of the copies: look at each image before you give them away.</source>
        <translation>In die Pixel der Kopien kann Text eingebrannt sein: Jedes Bild ansehen, bevor sie weitergegeben werden.</translation>
    </message>
    <message>
        <source>Nothing to export yet: open a scan and wait until it is segmented.</source>
        <translation>Noch nichts zu exportieren: eine Untersuchung öffnen und warten, bis sie segmentiert ist.</translation>
    </message>
    <message>
        <source>The export was stopped; nothing was written.</source>
        <translation>Der Export wurde angehalten; nichts wurde geschrieben.</translation>
    </message>
    <message>
        <source>Copying was stopped. The files copied so far stay; choose the same folder again to go on.</source>
        <translation>Das Kopieren wurde angehalten. Die bisher kopierten Dateien bleiben; derselbe Ordner setzt es fort.</translation>
    </message>
    <message numerus="yes">
        <source>{folder}: %n file(s) without identity; anonymisation.json says what was removed</source>
        <translation>
            <numerusform>{folder}: %n Datei ohne Identität; anonymisation.json sagt, was entfernt wurde</numerusform>
            <numerusform>{folder}: %n Dateien ohne Identität; anonymisation.json sagt, was entfernt wurde</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Not copied: %n file(s); anonymisation.json says why.</source>
        <translation>
            <numerusform>Nicht kopiert: %n Datei; anonymisation.json sagt, warum.</numerusform>
            <numerusform>Nicht kopiert: %n Dateien; anonymisation.json sagt, warum.</numerusform>
        </translation>
    </message>
    <message>
        <source>{path}: could not be written ({why}); free some space, or choose another place</source>
        <translation>{path}: ist nicht geschrieben ({why}); Platz schaffen oder einen anderen Ort wählen</translation>
    </message>
    <message>
        <source>Nothing to save yet: open a scan first.</source>
        <translation>Noch nichts zu speichern: zuerst eine Untersuchung öffnen.</translation>
    </message>
    <message>
        <source>Saving {file}</source>
        <translation>{file} wird gespeichert</translation>
    </message>
    <message>
        <source>Only single slices are segmented; an export needs all: press Segment.</source>
        <translation>Nur einzelne Schichten sind segmentiert; ein Export braucht alle: „Segmentieren“ drücken.</translation>
    </message>
    <message>
        <source>Segmenting in {precision}</source>
        <translation>Segmentierung in {precision}</translation>
    </message>
    <message>
        <source>Saved {path}</source>
        <translation>Gespeichert: {path}</translation>
    </message>
    <message>
        <source>{model} does not come in {asked}; {shown} is shown instead.</source>
        <translation>{model} gibt es nicht in {asked}; stattdessen wird {shown} gezeigt.</translation>
    </message>
    <message>
        <source>Flags come once the scan is segmented.</source>
        <translation>Hinweise kommen, sobald die Aufnahme segmentiert ist.</translation>
    </message>
    <message>
        <source>The outlines are being looked through: flags come in a moment.</source>
        <translation>Die Konturen werden durchgesehen: Hinweise kommen gleich.</translation>
    </message>
    <message>
        <source>Nothing is flagged in this scan.</source>
        <translation>Keine Hinweise in dieser Aufnahme.</translation>
    </message>
    <message>
        <source>Nothing is flagged on this slice. Full stop (.) goes to the next flag.</source>
        <translation>Kein Hinweis auf dieser Schicht. Punkt (.) geht zum nächsten Hinweis.</translation>
    </message>
    <message>
        <source>Reading the long axes</source>
        <translation>Lange Achsen werden gelesen</translation>
    </message>
    <message numerus="yes">
        <source>Not shown: %n series of the study that cannot be read.</source>
        <translation>
            <numerusform>Nicht gezeigt: %n Serie der Untersuchung, die nicht lesbar ist.</numerusform>
            <numerusform>Nicht gezeigt: %n Serien der Untersuchung, die nicht lesbar sind.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SliceView</name>
    <message>
        <source>Slice</source>
        <translation>Schicht</translation>
    </message>
    <message>
        <source>Slice at end-diastole</source>
        <translation>Schicht in der Enddiastole</translation>
    </message>
    <message>
        <source>Slice at end-systole</source>
        <translation>Schicht in der Endsystole</translation>
    </message>
    <message>
        <source>Slice with the first segmentation</source>
        <translation>Schicht mit der ersten Segmentierung</translation>
    </message>
    <message>
        <source>Slice with the second segmentation</source>
        <translation>Schicht mit der zweiten Segmentierung</translation>
    </message>
    <message>
        <source>Slice with the differences</source>
        <translation>Schicht mit den Unterschieden</translation>
    </message>
    <message>
        <source>Zoom {factor}×</source>
        <translation>Zoom {factor}×</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stop this (Escape)</source>
        <translation>Diesen Vorgang abbrechen (Esc)</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
</context>
<context>
    <name>Studies</name>
    <message>
        <source>Folder {number}</source>
        <translation>Ordner {number}</translation>
    </message>
    <message>
        <source>Patient {number}</source>
        <translation>Patient {number}</translation>
    </message>
    <message>
        <source>Study {number}</source>
        <translation>Studie {number}</translation>
    </message>
    <message>
        <source>Scan {number}</source>
        <translation>Untersuchung {number}</translation>
    </message>
    <message>
        <source>Series {number}</source>
        <translation>Serie {number}</translation>
    </message>
    <message>
        <source>Unnamed series</source>
        <translation>Serie ohne Namen</translation>
    </message>
    <message>
        <source>{slices} sl</source>
        <translation>{slices} Sch</translation>
    </message>
    <message>
        <source>1 slice</source>
        <translation>1 Schicht</translation>
    </message>
    <message>
        <source>{slices}, ED and ES</source>
        <translation>{slices}, ED und ES</translation>
    </message>
    <message>
        <source>{slices} × {frames} fr</source>
        <translation>{slices} × {frames} Ph</translation>
    </message>
    <message>
        <source>{columns}×{rows}  ·  {stack}</source>
        <translation>{columns}×{rows} · {stack}</translation>
    </message>
    <message>
        <source>Studies and series</source>
        <translation>Studien und Serien</translation>
    </message>
    <message>
        <source>Study without a date</source>
        <translation>Studie ohne Datum</translation>
    </message>
    <message>
        <source>the most likely short-axis cine</source>
        <translation>wahrscheinlich die Kurzachsen-Cine</translation>
    </message>
    <message>
        <source>not segmented by itself: {reason}</source>
        <translation>wird nicht von selbst segmentiert: {reason}</translation>
    </message>
</context>
<context>
    <name>StudyPanel</name>
    <message>
        <source>Studies</source>
        <translation>Untersuchungen</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>Öffnen …</translation>
    </message>
    <message>
        <source>NIfTI or DICOM files, or a DICOMDIR (Ctrl+O)</source>
        <translation>NIfTI- oder DICOM-Dateien oder ein DICOMDIR (Strg+O)</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>Ordner …</translation>
    </message>
    <message>
        <source>A folder of DICOM or NIfTI files, of any number of patients (Ctrl+Shift+O)</source>
        <translation>Ein Ordner mit DICOM- oder NIfTI-Dateien beliebig vieler Patienten (Strg+Umschalt+O)</translation>
    </message>
    <message>
        <source>No scan is open. Open files or a folder, or drop them on the window.</source>
        <translation>Keine Untersuchung ist geöffnet. Dateien oder einen Ordner öffnen oder auf dem Fenster ablegen.</translation>
    </message>
    <message>
        <source>Find a patient, study or series</source>
        <translation>Patient, Studie oder Serie suchen</translation>
    </message>
    <message>
        <source>Header of this slice…</source>
        <translation>Header dieser Schicht …</translation>
    </message>
    <message>
        <source>All that the file says, in a table that can be searched (T)</source>
        <translation>Alle Angaben der Datei in einer durchsuchbaren Tabelle (T)</translation>
    </message>
    <message>
        <source>Recent scans</source>
        <translation>Zuletzt geöffnet</translation>
    </message>
    <message numerus="yes">
        <source>%n slice(s)</source>
        <translation>
            <numerusform>%n Schicht</numerusform>
            <numerusform>%n Schichten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n frame(s)</source>
        <translation>
            <numerusform>%n Phase</numerusform>
            <numerusform>%n Phasen</numerusform>
        </translation>
    </message>
    <message>
        <source>Matrix</source>
        <translation>Matrix</translation>
    </message>
    <message>
        <source>Stack</source>
        <translation>Stapel</translation>
    </message>
    <message>
        <source>Spacing</source>
        <translation>Voxelgröße</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
</context>
<context>
    <name>Swatch</name>
    <message>
        <source>Colour: {structure}</source>
        <translation>Farbe: {structure}</translation>
    </message>
    <message>
        <source>{colour} (as {structure})</source>
        <translation>{colour} (wie {structure})</translation>
    </message>
    <message>
        <source>Other…</source>
        <translation>Andere …</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>Standard</translation>
    </message>
</context>
<context>
    <name>Tags</name>
    <message>
        <source>Tag</source>
        <translation>Tag</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Header</source>
        <translation>Header</translation>
    </message>
    <message>
        <source>Search tags, names and values</source>
        <translation>Tags, Namen und Werte durchsuchen</translation>
    </message>
    <message>
        <source>Search the header</source>
        <translation>Header durchsuchen</translation>
    </message>
    <message>
        <source>Header of the slice</source>
        <translation>Header der Schicht</translation>
    </message>
    <message>
        <source>No scan is open.</source>
        <translation>Keine Untersuchung ist geöffnet.</translation>
    </message>
    <message>
        <source>{scan}: slice {slice}, frame {frame}</source>
        <translation>{scan}: Schicht {slice}, Phase {frame}</translation>
    </message>
    <message>
        <source>{scan} has no file, and so no header.</source>
        <translation>{scan} hat keine Datei und daher keinen Header.</translation>
    </message>
    <message numerus="yes">
        <source>%n row(s)</source>
        <translation>
            <numerusform>%n Zeile</numerusform>
            <numerusform>%n Zeilen</numerusform>
        </translation>
    </message>
    <message>
        <source>{found} of {total} rows</source>
        <translation>{found} von {total} Zeilen</translation>
    </message>
</context>
<context>
    <name>Trail</name>
    <message>
        <source>What was done</source>
        <translation>Was gemacht wurde</translation>
    </message>
    <message>
        <source>Kept in the case file when the case is saved.</source>
        <translation>Steht in der Falldatei, sobald der Fall gespeichert ist.</translation>
    </message>
    <message>
        <source>What was done, when, and by which version</source>
        <translation>Was gemacht wurde, wann und mit welcher Version</translation>
    </message>
    <message>
        <source>When</source>
        <translation>Wann</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Mit</translation>
    </message>
    <message>
        <source>not saved yet</source>
        <translation>noch nicht gespeichert</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome to CineQuant</source>
        <translation>Willkommen bei CineQuant</translation>
    </message>
    <message>
        <source>This is a computed heart to try things on. Open a short-axis cine in NIfTI or DICOM, or drop it on the window. Press ? for keys and mouse.</source>
        <translation>Dies ist ein berechnetes Herz zum Ausprobieren. Eine Kurzachsen-Cine in NIfTI oder DICOM öffnen oder auf dem Fenster ablegen. Die Taste ? zeigt Tasten und Maus.</translation>
    </message>
    <message>
        <source>Close the welcome</source>
        <translation>Begrüßung schließen</translation>
    </message>
</context>
</TS>
