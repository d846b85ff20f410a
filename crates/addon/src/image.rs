use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Either, Env, Task};
use napi_derive::napi;
use stepladder_trainer::{TrainError, data};

use crate::{Failure, guarded};
use stepladder_trainer::config::as_whole_within;

/// A decoded image.
#[napi(object)]
pub struct DecodedImage {
    /// `[height, width, channels]`: samples of a byte, or of two in the machine's byte order where `bits` is above 8.
    pub samples: Uint8Array,
    /// Pixels of a row.
    pub width: f64,
    /// Rows.
    pub height: f64,
    /// 1 grey, 2 grey and alpha, 3 red, green and blue, 4 with alpha.
    pub channels: f64,
    /// Bits of a sample that are used, from 8 to 16.
    pub bits: f64,
}

/// How an image fills the square that a net takes.
#[napi(string_enum = "kebab-case")]
pub enum Fit {
    Whole,
    Cover,
    Fill,
}

/// What a net takes, and how an image is brought to it.
#[napi(object)]
pub struct Preparation {
    /// Height and width of the square.
    pub size: f64,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: f64,
    /// How an image that is not square fills it.
    pub fit: Fit,
    /// Red, green and blue: what lies under transparent pixels, and beside an image that is fitted whole.
    pub background: Vec<f64>,
}

/// Brings an image to `channels * size * size` bytes, channel by channel and row by row, on a thread of the pool.
///
/// The samples must not change until the promise settles.
#[napi(ts_return_type = "Promise<Uint8Array | Failure>")]
pub fn prepare_image(image: DecodedImage, preparation: Preparation) -> AsyncTask<Preparing> {
    AsyncTask::new(Preparing { image, preparation })
}

/// An image being prepared.
pub struct Preparing {
    image: DecodedImage,
    preparation: Preparation,
}

impl Task for Preparing {
    type Output = Result<Vec<u8>, Failure>;
    type JsValue = Either<Uint8Array, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let to = self.preparation.checked()?;
            data::prepare(&self.image.decoded()?, &to)
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(planes) => Either::A(planes.into()),
            Err(failure) => Either::B(failure),
        })
    }
}

/// How bright an image is.
#[napi(object)]
pub struct Brightness {
    /// The sum of the visible pixels' grey levels, from 0 to 255, weighted by alpha.
    pub sum: f64,
    /// The sum of the weights, in pixels.
    pub weight: f64,
    /// The largest colour sample, as a share of white.
    pub brightest: f64,
}

/// Measures how bright the visible pixels of an image are, on a thread of the pool.
///
/// The samples must not change until the promise settles.
#[napi(ts_return_type = "Promise<Brightness | Failure>")]
pub fn measure_brightness(image: DecodedImage) -> AsyncTask<Measuring> {
    AsyncTask::new(Measuring { image })
}

/// An image being measured.
pub struct Measuring {
    image: DecodedImage,
}

impl Task for Measuring {
    type Output = Result<Brightness, Failure>;
    type JsValue = Either<Brightness, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let image = self.image.decoded()?;
            let [sum, weight] = data::visible_brightness(&image);
            Ok(Brightness { sum, weight, brightest: data::brightest(&image) })
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(brightness) => Either::A(brightness),
            Err(failure) => Either::B(failure),
        })
    }
}

/// An image of one digit, its ink separated from the paper.
#[napi(object)]
pub struct SeparatedDigit {
    /// `fitted`: the image has the form of MNIST's already; `blank`: it has no ink; `ink`: the box around the digit.
    #[napi(ts_type = "'fitted' | 'blank' | 'ink'")]
    pub found: String,
    /// Whether the ink was the darker part.
    pub inverted: bool,
    /// `[height, width]`: 255 for full ink, 0 for paper; empty for a blank image.
    pub pixels: Uint8Array,
    /// Pixels of a row.
    pub width: f64,
    /// Rows.
    pub height: f64,
}

/// Separates the ink of one digit from the paper and crops it, on a thread of the pool.
///
/// `samples` are `[height, width, 4]`: red, green, blue and alpha. They must not change until the promise settles. `invert`
/// says whether the ink is the darker part; without it, the edges of the image decide.
#[napi(ts_return_type = "Promise<SeparatedDigit | Failure>")]
pub fn separate_digit(
    samples: Uint8Array,
    width: f64,
    height: f64,
    invert: Option<bool>,
) -> AsyncTask<SeparatingDigit> {
    AsyncTask::new(SeparatingDigit { samples, width, height, invert })
}

/// A digit being separated.
pub struct SeparatingDigit {
    samples: Uint8Array,
    width: f64,
    height: f64,
    invert: Option<bool>,
}

impl Task for SeparatingDigit {
    type Output = Result<data::Digit, Failure>;
    type JsValue = Either<SeparatedDigit, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| {
            let width = as_whole_within("width", self.width, 1..=1 << 16)?;
            let height = as_whole_within("height", self.height, 1..=1 << 16)?;
            data::separate_digit(&self.samples, width, height, self.invert)
        }))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(data::Digit { inverted, found }) => {
                let (found, pixels, width, height) = match found {
                    data::Found::Fitted(pixels) => ("fitted", pixels, 28, 28),
                    data::Found::Blank => ("blank", vec![], 0, 0),
                    data::Found::Ink { pixels, width, height } => ("ink", pixels, width, height),
                };
                Either::A(SeparatedDigit {
                    found: found.into(),
                    inverted,
                    pixels: pixels.into(),
                    width: width as f64,
                    height: height as f64,
                })
            }
            Err(failure) => Either::B(failure),
        })
    }
}

impl Preparation {
    pub(crate) fn checked(&self) -> Result<data::Preparation, TrainError> {
        let level = |index: usize| self.background.get(index).copied().unwrap_or_default() as u8;
        Ok(data::Preparation {
            size: as_whole_within("size", self.size, 1..=4096)?,
            channels: as_whole_within("channels", self.channels, 1..=3)?,
            fit: match self.fit {
                Fit::Whole => data::Fit::Whole,
                Fit::Cover => data::Fit::Cover,
                Fit::Fill => data::Fit::Fill,
            },
            background: [level(0), level(1), level(2)],
        })
    }
}

impl DecodedImage {
    fn decoded(&self) -> Result<data::Decoded<'_>, TrainError> {
        Ok(data::Decoded {
            samples: &self.samples,
            width: as_whole_within("width", self.width, 1..=1 << 16)?,
            height: as_whole_within("height", self.height, 1..=1 << 16)?,
            channels: as_whole_within("channels", self.channels, 1..=4)?,
            bits: as_whole_within("bits", self.bits, 8..=16)? as u32,
        })
    }
}
