use std::fmt::{self, Formatter};

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AdamW, Sgd};
use crate::TrainError;
use crate::config::{Range, number};
use crate::net::ParameterPlan;

/// How gradients move the parameters. An experiment without a `kind` means `sgd`, the only one there was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", remote = "Self")]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
}

/// The parameters that weight decay applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decayed {
    /// All.
    All,
    /// The weights of convolutions and linear layers: neither biases nor a norm's scale and shift.
    Weights,
}

/// The most numbers that an optimizer keeps for each parameter.
pub const MOST_SLOTS: usize = 2;

/// One step of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// Number of steps before it, in all epochs.
    pub index: usize,
    /// The learning rate.
    pub learning_rate: f64,
    /// The momentum, or `adamw`'s first beta, if the schedule moves it.
    pub momentum: Option<f64>,
}

impl Optimizer {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        match self {
            Self::Sgd(sgd) => sgd.check()?,
            Self::AdamW(adamw) => adamw.check()?,
        }
        self.clip_norm()
            .map_or(Ok(()), |most| number("optimizer.clipNorm", most, Range::above(0.0).at_most(1e12)))
    }

    /// Returns the names of the numbers that it keeps for each parameter, apart from its gradient.
    #[must_use]
    pub fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(_) => Sgd::SLOTS,
            Self::AdamW(_) => AdamW::SLOTS,
        }
    }

    /// Returns the weight decay of a parameter.
    #[must_use]
    pub fn decay_of(&self, parameter: &ParameterPlan) -> f64 {
        let (decay, decayed) = match self {
            Self::Sgd(sgd) => (sgd.weight_decay, sgd.decayed),
            Self::AdamW(adamw) => (adamw.weight_decay(), adamw.decayed),
        };
        if decayed == Some(Decayed::Weights) && !parameter.is_weight() { 0.0 } else { decay }
    }

    /// Returns the largest norm of all gradients.
    #[must_use]
    pub fn clip_norm(&self) -> Option<f64> {
        match *self {
            Self::Sgd(Sgd { clip_norm, .. }) | Self::AdamW(AdamW { clip_norm, .. }) => clip_norm,
        }
    }

    /// Takes a step with parameters of the same weight decay. `slots` has a list for each of [`slots`](Self::slots), empty
    /// ones after them.
    pub fn step(
        &self,
        parameters: &mut [f32],
        gradients: &[f32],
        slots: [&mut [f32]; MOST_SLOTS],
        decay: f64,
        at: &Update,
    ) {
        match self {
            Self::Sgd(sgd) => {
                let [velocities, _] = slots;
                sgd.step(parameters, gradients, velocities, decay, at);
            }
            Self::AdamW(adamw) => adamw.step(parameters, gradients, slots, decay, at),
        }
    }
}

impl Serialize for Optimizer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer) // the one that the derive made
    }
}

impl<'de> Deserialize<'de> for Optimizer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Settings;

        impl<'de> Visitor<'de> for Settings {
            type Value = Optimizer;

            fn expecting(&self, formatter: &mut Formatter) -> fmt::Result {
                formatter.write_str("the settings of an optimizer")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Optimizer, A::Error> {
                let with_kind = WithKind { map, kind: None, has_kind: false };
                Optimizer::deserialize(MapAccessDeserializer::new(with_kind)) // the one that the derive made
            }
        }

        deserializer.deserialize_map(Settings)
    }
}

/// The entries of a map, and `kind: 'sgd'` after them if they have no kind.
struct WithKind<A> {
    map: A,
    /// The value of `kind`, while it is next.
    kind: Option<String>,
    has_kind: bool,
}

const KIND: &str = "kind";

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithKind<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = loop {
            let key: Option<String> = self.map.next_key()?;
            match key {
                Some(key) if key == KIND => {
                    self.kind = self.map.next_value()?; // may be null
                    if self.kind.is_some() {
                        self.has_kind = true;
                        break key;
                    }
                }
                Some(key) => break key,
                None if self.has_kind => return Ok(None),
                None => {
                    (self.kind, self.has_kind) = (Some("sgd".into()), true);
                    break KIND.into();
                }
            }
        };
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.kind.take() {
            Some(kind) => seed.deserialize(kind.into_deserializer()),
            None => self.map.next_value_seed(seed),
        }
    }
}
