use serde::{Deserialize, Serialize};

use super::{Picture, Setting};
use crate::TrainError;
use crate::config::Range;
use crate::random::Stream;

/// Brightness, contrast, saturation and hue, in an order that is drawn for each image: torchvision's `ColorJitter`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ColourTransform {
    /// Brightness is multiplied by at most 1 + this and at least 1 - this, or 0.
    pub brightness: f64,
    /// The distance from the image's mean likewise.
    pub contrast: f64,
    /// The distance of each pixel from its grey likewise.
    pub saturation: f64,
    /// The hue is turned by at most this fraction of the circle, either way.
    pub hue: f64,
}

/// One change of an image's colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColourChange {
    /// Multiplies brightness by a factor.
    Brightness(f64),
    /// Multiplies the distance from the mean of the image's grey.
    Contrast(f64),
    /// Multiplies the distance of each pixel from its grey.
    Saturation(f64),
    /// Turns the hue by a fraction of the circle.
    Hue(f64),
}

impl ColourTransform {
    pub(super) fn check(&self, at: Setting, channels: usize) -> Result<(), TrainError> {
        at.number("brightness", self.brightness, Range::at_least(0.0).at_most(10.0))?;
        at.number("contrast", self.contrast, Range::at_least(0.0).at_most(10.0))?;
        at.number("saturation", self.saturation, Range::at_least(0.0).at_most(10.0))?;
        at.number("hue", self.hue, Range::at_least(0.0).at_most(0.5))?;
        for (name, range) in [("saturation", self.saturation), ("hue", self.hue)] {
            if channels == 1 && range > 0.0 {
                return Err(at.refuse(name, "0, since the images are grey", range));
            }
        }
        Ok(())
    }

    /// Draws the changes of one image, in their order.
    pub fn draw(&self, stream: Stream) -> impl Iterator<Item = ColourChange> + use<> {
        let mut order = [0, 1, 2, 3];
        for last in (1..order.len()).rev() {
            order.swap(last, stream.below(last as u64, last as u64 + 1) as usize);
        }
        let &Self { brightness, contrast, saturation, hue } = self;
        let factor = |position, range: f64| stream.uniform(position, (1.0 - range).max(0.0), 1.0 + range);
        let changes = [
            (brightness > 0.0).then(|| ColourChange::Brightness(factor(4, brightness))),
            (contrast > 0.0).then(|| ColourChange::Contrast(factor(5, contrast))),
            (saturation > 0.0).then(|| ColourChange::Saturation(factor(6, saturation))),
            (hue > 0.0).then(|| ColourChange::Hue(stream.uniform(7, -hue, hue))),
        ];
        order.into_iter().filter_map(move |index: usize| changes[index])
    }
}

impl ColourChange {
    /// Changes an image.
    pub fn apply(self, picture: &mut Picture) {
        match self {
            Self::Brightness(factor) => brighten(picture, factor),
            Self::Contrast(factor) => contrast(picture, factor),
            Self::Saturation(factor) => saturate(picture, factor as f32),
            Self::Hue(turn) => turn_hue(picture, turn as f32),
        }
    }
}

/// The weights of red, green and blue in grey (ITU-R BT.601, with torchvision's digits).
const GREY: [f64; 3] = [0.2989, 0.587, 0.114];

pub(super) fn brighten(picture: &mut Picture, factor: f64) {
    for value in &mut *picture.values {
        *value = (*value * factor as f32).clamp(0.0, 1.0);
    }
}

pub(super) fn contrast(picture: &mut Picture, factor: f64) {
    let (channels, area) = (picture.channels(), picture.area());
    let means = picture
        .values
        .chunks_exact(area)
        .map(|plane| plane.iter().map(|&value| f64::from(value)).sum::<f64>() / area as f64);
    let mean: f64 = match channels {
        3 => means.zip(GREY).map(|(mean, share)| mean * share).sum(),
        _ => means.sum::<f64>() / channels as f64,
    };
    let offset = (mean * (1.0 - factor)) as f32;
    for value in &mut *picture.values {
        *value = (*value * factor as f32 + offset).clamp(0.0, 1.0);
    }
}

fn saturate(picture: &mut Picture, factor: f32) {
    each_pixel(picture, |colour| {
        let grey: f32 = colour.iter().zip(GREY).map(|(value, share)| value * share as f32).sum();
        colour.map(|value| (value * factor + grey * (1.0 - factor)).clamp(0.0, 1.0))
    });
}

/// By hue, saturation and value.
fn turn_hue(picture: &mut Picture, turn: f32) {
    each_pixel(picture, |colour| {
        let [red, green, blue] = colour;
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let range = most - least;
        if range == 0.0 {
            return colour;
        }
        let [red_off, green_off, blue_off] = colour.map(|value| (most - value) / range);
        // Sixths of the circle, from red by way of green.
        let sixths = if most == red {
            blue_off - green_off
        } else if most == green {
            2.0 + red_off - blue_off
        } else {
            4.0 + green_off - red_off
        };
        let hue = sixths / 6.0 + 1.0 + turn;
        let sixths = (hue - hue.floor()) * 6.0;
        let (sector, within) = (sixths.floor(), sixths - sixths.floor());
        let saturation = range / most;
        let level = |share: f32| ((1.0 - share) * most).clamp(0.0, 1.0);
        let (low, falling) = (level(saturation), level(saturation * within));
        let rising = ((saturation * within + (1.0 - saturation)) * most).clamp(0.0, 1.0);
        match sector as u8 {
            1 => [falling, most, low],
            2 => [low, most, rising],
            3 => [low, falling, most],
            4 => [rising, low, most],
            5 => [most, low, falling],
            _ => [most, rising, low], // 6 is 0: the fraction may round up to 1
        }
    });
}

/// Replaces each pixel of an image with three channels.
fn each_pixel(picture: &mut Picture, of: impl Fn([f32; 3]) -> [f32; 3]) {
    let area = picture.area();
    let (red, rest) = picture.values.split_at_mut(area);
    let (green, blue) = rest.split_at_mut(area);
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        [*red, *green, *blue] = of([*red, *green, *blue]);
    }
}
