//! What stands out in the images of a data set: blank ones, equal ones, and those that lie in two of its parts.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

/// A part of a data set, in the order in which [`Survey::add`] takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Images to train on.
    Train,
    /// Images to choose by.
    Validation,
    /// Images to test on.
    Test,
}

/// Something that stands out in images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// All pixels of an image have one colour.
    Blank,
    /// An image, not blank, is equal to an earlier one of its part.
    Equal,
    /// An image has another label than an earlier one that it is equal to, in any part.
    Conflicting,
    /// A validation image is a training image, too.
    ValidationInTrain,
    /// A test image is a training image, too.
    TestInTrain,
    /// A test image is a validation image, too, and no training image.
    TestInValidation,
}

/// One image of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it lies.
    pub part: Part,
    /// Its position there, from 0.
    pub index: usize,
}

/// The number of images in which something stands out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// The number of images.
    pub count: usize,
    /// The first image of them and, unless it is blank, the earlier one that it is equal to.
    pub example: Vec<Place>,
}

/// Looks at the images of a data set, one after the other. Its memory grows with the number of different images alone.
///
/// Equal images are found by a hash of 64 bits: among a million different images, one pair in 30 million data sets would
/// be called equal by mistake.
#[derive(Debug, Default)]
pub struct Survey {
    hashing: FixedState,
    seen: HashMap<u64, [Option<First>; 3], FixedState>,
    counts: [usize; 3],
    findings: Vec<Finding>,
}

/// The first image of a part among equal ones.
#[derive(Debug, Clone, Copy)]
struct First {
    index: u32, // an IDX file counts in u32
    label: u8,
}

impl Survey {
    /// Prepares to look at so many images.
    #[must_use]
    pub fn of(images: usize) -> Self {
        Self { seen: HashMap::with_capacity_and_hasher(images, FixedState::default()), ..Self::default() }
    }

    /// Looks at the next image of a part: first all training images, then all for validation, then all for testing.
    ///
    /// `pixels` are `[channels, size, size]`, and not empty.
    pub fn add(&mut self, part: Part, label: u8, pixels: &[u8], channels: usize) {
        let here = Place { part, index: self.counts[part as usize] };
        self.counts[part as usize] += 1;
        let mut hasher = self.hashing.build_hasher();
        hasher.write(pixels);
        let firsts = self.seen.entry(hasher.finish()).or_default();
        let earlier: Vec<(Place, u8)> = [Part::Train, Part::Validation, Part::Test]
            .into_iter()
            .filter_map(|part| {
                firsts[part as usize]
                    .map(|First { index, label }| (Place { part, index: index as usize }, label))
            })
            .collect();
        firsts[part as usize].get_or_insert(First { index: here.index as u32, label });

        let is_blank = is_blank(pixels, channels);
        if is_blank {
            self.found(FindingKind::Blank, &[here]);
        }
        if let Some(&(place, _)) = earlier.iter().find(|(place, _)| place.part == part && !is_blank) {
            self.found(FindingKind::Equal, &[here, place]);
        }
        if let Some(&(place, _)) = earlier.iter().find(|&&(_, other)| other != label) {
            self.found(FindingKind::Conflicting, &[here, place]);
        }
        let elsewhere = earlier.first().filter(|(place, _)| place.part != part);
        if let Some(&(place, _)) = elsewhere {
            let kind = match (part, place.part) {
                (Part::Validation, _) => FindingKind::ValidationInTrain,
                (_, Part::Train) => FindingKind::TestInTrain,
                _ => FindingKind::TestInValidation,
            };
            self.found(kind, &[here, place]);
        }
    }

    /// Returns what was found, without what was not; each kind in the order in which it was met first.
    #[must_use]
    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }

    fn found(&mut self, kind: FindingKind, places: &[Place]) {
        match self.findings.iter_mut().find(|finding| finding.kind == kind) {
            Some(finding) => finding.count += 1,
            None => self.findings.push(Finding { kind, count: 1, example: places.to_vec() }),
        }
    }
}

/// Whether all pixels of an image have one colour.
fn is_blank(pixels: &[u8], channels: usize) -> bool {
    // equal to itself one pixel further on; compared as a whole, which is fast
    pixels.chunks_exact(pixels.len() / channels).all(|plane| plane[1..] == plane[..plane.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use FindingKind::{Blank, Conflicting, Equal, TestInTrain, TestInValidation, ValidationInTrain};

    type Image = (Part, u8, [u8; 4]);
    type Found = (FindingKind, usize, Vec<(Part, usize)>);

    fn survey(images: &[Image], channels: usize) -> Vec<Found> {
        let mut survey = Survey::default();
        for (part, label, pixels) in images {
            survey.add(*part, *label, pixels, channels);
        }
        let places = |example: &[Place]| example.iter().map(|place| (place.part, place.index)).collect();
        survey.findings().iter().map(|found| (found.kind, found.count, places(&found.example))).collect()
    }

    const A: [u8; 4] = [1, 2, 3, 4];
    const B: [u8; 4] = [4, 3, 2, 1];

    #[test]
    fn different_images_give_no_finding() {
        assert_eq!(
            survey(&[(Part::Train, 0, A), (Part::Validation, 1, B), (Part::Test, 1, [9, 9, 9, 8])], 1),
            []
        );
    }

    #[test]
    fn equal_images_count_once_for_each_that_is_too_many() {
        let images = [(Part::Train, 0, A), (Part::Train, 1, B), (Part::Train, 0, A), (Part::Train, 0, A)];
        assert_eq!(survey(&images, 1), [(Equal, 2, vec![(Part::Train, 2), (Part::Train, 0)])]);
    }

    #[test]
    fn equal_images_with_different_labels_are_a_finding_of_their_own() {
        let images = [(Part::Train, 0, A), (Part::Train, 1, A)];
        let example = vec![(Part::Train, 1), (Part::Train, 0)];
        assert_eq!(survey(&images, 1), [(Equal, 1, example.clone()), (Conflicting, 1, example)]);
    }

    #[test]
    fn images_of_two_parts_are_counted_against_the_training_images_first() {
        let images = [
            (Part::Train, 0, A),
            (Part::Validation, 0, A),
            (Part::Validation, 1, B),
            (Part::Test, 0, A),
            (Part::Test, 1, B),
            (Part::Test, 1, B),
        ];
        assert_eq!(
            survey(&images, 1),
            [
                (ValidationInTrain, 1, vec![(Part::Validation, 0), (Part::Train, 0)]),
                (TestInTrain, 1, vec![(Part::Test, 0), (Part::Train, 0)]),
                (TestInValidation, 2, vec![(Part::Test, 1), (Part::Validation, 1)]),
                (Equal, 1, vec![(Part::Test, 2), (Part::Test, 1)]),
            ]
        );
    }

    #[test]
    fn an_image_of_one_colour_is_blank_and_counts_in_both_parts() {
        // Two channels of two pixels: each channel has its own level.
        let images =
            [(Part::Train, 0, [7, 7, 9, 9]), (Part::Train, 0, [7, 7, 9, 9]), (Part::Test, 0, [7, 7, 9, 9])];
        assert_eq!(
            survey(&images, 2),
            [(Blank, 3, vec![(Part::Train, 0)]), (TestInTrain, 1, vec![(Part::Test, 0), (Part::Train, 0)])]
        );
        assert_eq!(survey(&[(Part::Train, 0, [7, 7, 9, 9])], 1), []);
    }
}
