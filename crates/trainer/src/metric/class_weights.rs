use std::fmt::{self, Formatter};

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::TrainError;
use crate::config::{Range, number};
use crate::teacher::Teacher;

/// Settings of the training loss, apart from label smoothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Loss {
    /// The weights of classes; 1 each if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// A trained model that the net also learns from, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<Teacher>,
}

/// The weight of each class in the training loss, with the meaning of `weight` in PyTorch's `CrossEntropyLoss`: an image counts by
/// the weight of its class, and the mean over a batch is divided by the sum of these.
#[derive(Debug, Clone, PartialEq)]
pub enum ClassWeights {
    /// By the training images: all images, divided by the number of classes that have any and by the images of the class, as
    /// scikit-learn's `balanced`. Those of classes without images are 0.
    Balanced,
    /// One for each class.
    Given(Vec<f64>),
}

impl ClassWeights {
    pub(crate) fn check(&self, classes: usize) -> Result<(), TrainError> {
        let Self::Given(weights) = self else { return Ok(()) };
        if weights.len() != classes {
            let expected = format!("a number for each of the net’s {classes} classes");
            return Err(TrainError::setting(SETTING, expected, weights.len()));
        }
        let range = Range::above(0.0).at_most(1e6);
        let checked = |(class, &weight)| number(&format!("{SETTING}.{class}"), weight, range);
        weights.iter().enumerate().try_for_each(checked)
    }

    /// Returns the weight of each class, for training images with these labels.
    #[must_use]
    pub fn resolve(&self, classes: usize, labels: &[u8]) -> Vec<f64> {
        match self {
            Self::Given(weights) => weights.clone(),
            Self::Balanced => {
                let mut counts = vec![0_usize; classes];
                labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
                let present = counts.iter().filter(|&&count| count > 0).count();
                let weight = |count: usize| match count {
                    0 => 0.0,
                    count => labels.len() as f64 / (present * count) as f64,
                };
                counts.into_iter().map(weight).collect()
            }
        }
    }
}

const SETTING: &str = "loss.classWeights";
const BALANCED: &str = "balanced";

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Balanced => BALANCED.serialize(serializer),
            Self::Given(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = ClassWeights;

            fn expecting(&self, formatter: &mut Formatter) -> fmt::Result {
                write!(formatter, "`{BALANCED}` or a list of numbers")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<ClassWeights, E> {
                let known = (name == BALANCED).then_some(ClassWeights::Balanced);
                known.ok_or_else(|| E::unknown_variant(name, &[BALANCED]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<ClassWeights, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(ClassWeights::Given)
            }
        }

        deserializer.deserialize_any(Either)
    }
}
