//! Reads experiments and nets straight into the trainer's own types, whose names and types are declared there alone.
//!
//! Numbers cross as f64: an integer argument would wrap silently. The whole ones are checked here, by their path.

use napi::bindgen_prelude::{FromNapiValue, JsObjectValue, Object, Unknown};
use napi::{JsValue, Status, ValueType, sys};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};
use serde_json::Value;
use stepladder_trainer::TrainError;
use stepladder_trainer::config::{BATCH_SIZE, EPOCHS, as_whole, as_whole_within};

/// Levels of nesting that are read: an experiment has four, and three more for each level of layers within layers, of
/// which the trainer takes 16. A cycle must not overflow the stack.
const MAX_DEPTH: usize = 64;
/// Values that are read: the 1,024 layers of the longest net have fewer than 6,000.
const MAX_VALUES: usize = 100_000;

/// A JavaScript value made of plain objects, lists, strings, numbers and booleans.
pub struct Plain(Js);

#[derive(Clone)]
enum Js {
    Null,
    Boolean(bool),
    Number(f64),
    /// A number of a setting that is whole.
    Whole(usize),
    String(String),
    List(Vec<Js>),
    Object(Vec<(String, Js)>),
}

impl Plain {
    /// Converts the value to a type of the trainer. `path` leads to it in an experiment; empty for the experiment itself.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for the first whole number that is none, and for other names and types than the type has.
    pub(crate) fn parse<T: DeserializeOwned + Serialize>(self, path: &str) -> Result<T, TrainError> {
        let wrong = |error: String| {
            let setting = if path.is_empty() { "experiment" } else { path };
            TrainError::setting(setting, "numbers, names and lists as the types say", error)
        };
        let parse = |js: &Js| T::deserialize(js).map_err(|error| wrong(error.to_string()));
        // Zero fits every setting that is a number. Serialized, it shows which of them are whole.
        let types = serde_json::to_value(parse(&self.0.with_zeros())?);
        parse(&self.0.with_whole_numbers(path, &types.map_err(|error| wrong(error.to_string()))?)?)
    }
}

impl Js {
    fn with_zeros(&self) -> Self {
        match self {
            Self::Number(_) => Self::Whole(0),
            Self::List(list) => Self::List(list.iter().map(Self::with_zeros).collect()),
            Self::Object(fields) => {
                Self::Object(fields.iter().map(|(name, value)| (name.clone(), value.with_zeros())).collect())
            }
            other => other.clone(),
        }
    }

    /// Makes each number whole that is whole in `types`.
    fn with_whole_numbers(self, path: &str, types: &Value) -> Result<Self, TrainError> {
        let within = |name: &str| if path.is_empty() { name.into() } else { format!("{path}.{name}") };
        Ok(match (self, types) {
            (Self::Number(number), Value::Number(zero)) if zero.is_u64() => Self::Whole(whole(path, number)?),
            (Self::List(list), Value::Array(types)) => {
                let list = list.into_iter().zip(types).enumerate();
                let list =
                    list.map(|(i, (value, types))| value.with_whole_numbers(&within(&i.to_string()), types));
                Self::List(list.collect::<Result<_, _>>()?)
            }
            (Self::Object(fields), types) => {
                let fields = fields.into_iter().map(|(name, value)| {
                    let value = value.with_whole_numbers(&within(&name), &types[&name])?;
                    Ok((name, value))
                });
                Self::Object(fields.collect::<Result<_, TrainError>>()?)
            }
            (other, _) => other,
        })
    }
}

/// The value of a whole setting; the sentence names the range where that does not depend on the net.
fn whole(path: &str, number: f64) -> Result<usize, TrainError> {
    match path {
        "batchSize" => as_whole_within(path, number, BATCH_SIZE),
        "epochs" => as_whole_within(path, number, EPOCHS),
        _ => as_whole(path, number),
    }
}

impl FromNapiValue for Plain {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        // SAFETY: the caller vouches for both.
        let value = unsafe { Unknown::from_napi_value(env, value) }?;
        read(value, MAX_DEPTH, &mut { MAX_VALUES }).map(Self)
    }
}

fn read(value: Unknown, depth: usize, values_left: &mut usize) -> napi::Result<Js> {
    let too_large = || napi::Error::new(Status::InvalidArg, "an experiment does not have so many values");
    *values_left = values_left.checked_sub(1).ok_or_else(too_large)?;
    Ok(match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Js::Null,
        ValueType::Boolean => Js::Boolean(bool::from_unknown(value)?),
        ValueType::Number => Js::Number(f64::from_unknown(value)?),
        ValueType::String => Js::String(String::from_unknown(value)?),
        ValueType::Object => {
            let object = Object::from_unknown(value)?;
            let depth = depth.checked_sub(1).ok_or_else(too_large)?;
            if object.is_array()? {
                let indices = 0..object.get_array_length()?;
                let list = indices.map(|index| read(object.get_element(index)?, depth, values_left));
                Js::List(list.collect::<Result<_, _>>()?)
            } else {
                let names = Object::keys(&object)?.into_iter();
                let fields = names.map(|name| {
                    let value = read(object.get_named_property_unchecked(&name)?, depth, values_left)?;
                    Ok((name, value))
                });
                Js::Object(fields.collect::<napi::Result<_>>()?)
            }
        }
        other => {
            let reason = format!("an experiment has no values of type {other}");
            return Err(napi::Error::new(Status::InvalidArg, reason));
        }
    })
}

impl<'de> IntoDeserializer<'de> for &'de Js {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Js {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Js::Null => visitor.visit_unit(),
            &Js::Boolean(value) => visitor.visit_bool(value),
            &Js::Number(value) => visitor.visit_f64(value),
            &Js::Whole(value) => visitor.visit_u64(value as u64),
            Js::String(text) => visitor.visit_str(text),
            Js::List(list) => visitor.visit_seq(SeqDeserializer::new(list.iter())),
            Js::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), value));
                visitor.visit_map(MapDeserializer::new(fields))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Js::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Js::String(text) => text.as_str().into_deserializer().deserialize_enum(name, variants, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
