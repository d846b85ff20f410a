//! Separates the ink of one digit from the paper it was drawn on, so that it can be brought to the form of MNIST's images.
//!
//! Sums run in `f64` and in the order of the pixels, values in between are `f32`: the same bits on every machine.

use crate::TrainError;
use crate::alloc::filled;

/// Height and width of MNIST's images.
const SIZE: usize = 28;
/// Ink that differs less than this from its background, in grey levels of 255, is none.
const FAINT: f64 = 25.0;
/// Parts below this share of the heaviest are specks.
const SPECK: f64 = 0.04;
/// Coefficients of a smooth background: 1, x, y, x², xy, y².
const TERMS: usize = 6;

/// An image of one digit, its ink separated from the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digit {
    /// Whether the ink was the darker part.
    pub inverted: bool,
    /// What was found.
    pub found: Found,
}

/// The outcome of [`separate_digit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The image has MNIST's form already: its pixels, 28 x 28.
    Fitted(Vec<u8>),
    /// No ink.
    Blank,
    /// The box around the digit.
    Ink {
        /// `[height, width]`: 255 for full ink, 0 for paper.
        pixels: Vec<u8>,
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
    },
}

/// Grey levels, `[height, width]`.
struct Grey {
    data: Vec<f32>,
    width: usize,
    height: usize,
}

/// Separates the ink of one digit from paper that may be unevenly lit, and crops it. Transparent pixels count as paper.
///
/// `samples` are `[height, width, 4]`: red, green, blue and alpha. `invert` says whether the ink is the darker part; without it,
/// the edges of the image decide.
///
/// # Errors
///
/// [`TrainError::Memory`], and [`TrainError::Internal`] for samples that are not as many as the sizes say.
pub fn separate_digit(
    samples: &[u8],
    width: usize,
    height: usize,
    invert: Option<bool>,
) -> Result<Digit, TrainError> {
    if samples.len() != width * height * 4 || samples.is_empty() {
        let found = samples.len();
        return Err(TrainError::Internal(format!("an image of {width} x {height} has {found} bytes")));
    }
    let grey = on_paper(samples, width, height)?;
    if invert != Some(true) && is_fitted(&grey) {
        let pixels = grey.data.iter().map(|level| level.round() as u8).collect();
        return Ok(Digit { inverted: false, found: Found::Fitted(pixels) });
    }
    let inverted = match invert {
        Some(inverted) => inverted,
        None => is_dark_on_light(&grey)?,
    };
    let ink = ink_of(&grey, inverted)?;
    let peak = f64::from(quantile(&ink.data, 0.999)?);
    if peak < FAINT {
        return Ok(Digit { inverted, found: Found::Blank });
    }
    let threshold = otsu(&ink.data, peak).max(FAINT / 2.0);
    Ok(Digit { inverted, found: crop(&ink, threshold)? })
}

/// Lays an image on paper: light beside dark ink, dark beside light.
fn on_paper(samples: &[u8], width: usize, height: usize) -> Result<Grey, TrainError> {
    let mut data = filled(width * height, 0_f32)?;
    let (mut sum, mut weight) = (0.0, 0.0);
    let opacity = |alpha: u8| f64::from((f64::from(alpha) / 255.0) as f32);
    for (level, pixel) in data.iter_mut().zip(samples.as_chunks::<4>().0) {
        let [red, green, blue, alpha] = pixel.map(f64::from);
        *level = (0.299 * red + 0.587 * green + 0.114 * blue) as f32;
        sum += f64::from(*level) * opacity(alpha as u8);
        weight += opacity(alpha as u8);
    }
    let paper = if sum < 127.5 * weight { 255.0 } else { 0.0 };
    for (level, pixel) in data.iter_mut().zip(samples.as_chunks::<4>().0) {
        *level = (paper + (f64::from(*level) - paper) * opacity(pixel[3])) as f32;
    }
    Ok(Grey { data, width, height })
}

/// Whether an image has MNIST's form already: the size, with ink on it and a black edge.
fn is_fitted(grey: &Grey) -> bool {
    grey.width == SIZE
        && grey.height == SIZE
        && edge_of(grey).iter().all(|value| *value == 0.0)
        && grey.data.iter().any(|value| *value >= 128.0)
}

/// The outermost pixels.
fn edge_of(grey: &Grey) -> Vec<f32> {
    let (last_row, last_column) = (grey.height - 1, grey.width - 1);
    let is_edge = |pixel: usize| {
        let (x, y) = (pixel % grey.width, pixel / grey.width);
        x == 0 || y == 0 || x == last_column || y == last_row
    };
    (0..grey.data.len()).filter(|pixel| is_edge(*pixel)).map(|pixel| grey.data[pixel]).collect()
}

/// Whether the edges of an image are nearer to its lightest than to its darkest.
fn is_dark_on_light(grey: &Grey) -> Result<bool, TrainError> {
    let paper = f64::from(quantile(&edge_of(grey), 0.5)?);
    let darkest = f64::from(quantile(&grey.data, 0.002)?);
    let lightest = f64::from(quantile(&grey.data, 0.998)?); // a digit in a corner is not much of it
    Ok(paper - darkest > lightest - paper)
}

/// How far each pixel is from its background, which is a smooth surface through all that is no ink.
fn ink_of(grey: &Grey, is_dark: bool) -> Result<Grey, TrainError> {
    let Grey { data, width, height } = grey;
    let terms = |pixel: usize| {
        let x = (2 * (pixel % width)) as f64 / *width as f64 - 1.0;
        let y = (2 * (pixel / width)) as f64 / *height as f64 - 1.0;
        [1.0, x, y, x * x, x * y, y * y]
    };
    let sign = if is_dark { -1.0 } else { 1.0 };
    let above = |surface: &[f64; TERMS], pixel: usize| {
        let background =
            terms(pixel).iter().zip(surface).fold(0.0, |sum, (term, factor)| sum + term * factor);
        sign * (f64::from(data[pixel]) - background)
    };
    let step = ((data.len() as f64 / 2500.0).sqrt().floor() as usize).max(1);
    let sample: Vec<usize> = (0..*height)
        .step_by(step)
        .flat_map(|row| (0..*width).step_by(step).map(move |column| row * width + column))
        .collect(); // a few thousand

    // Paper alone, to begin with: what is on the paper's side of the middle
    let mut surface = [f64::from(quantile(data, 0.5)?), 0.0, 0.0, 0.0, 0.0, 0.0];
    for _ in 0..8 {
        let distances: Vec<f32> = sample.iter().map(|pixel| above(&surface, *pixel).abs() as f32).collect();
        let limit = (2.0 * f64::from(quantile(&distances, 0.5)?)).max(8.0);
        let paper = sample.iter().filter(|pixel| above(&surface, **pixel) <= limit);
        surface =
            least_squares(paper.map(|pixel| (terms(*pixel), f64::from(data[*pixel])))).unwrap_or(surface);
    }
    let mut ink = filled(data.len(), 0_f32)?;
    for (pixel, level) in ink.iter_mut().enumerate() {
        *level = above(&surface, pixel).max(0.0) as f32;
    }
    Ok(Grey { data: ink, width: *width, height: *height })
}

/// Returns the least-squares coefficients, by the normal equations; `None` if they are not determined.
fn least_squares(rows: impl Iterator<Item = ([f64; TERMS], f64)>) -> Option<[f64; TERMS]> {
    let mut matrix = [[0.0; TERMS + 1]; TERMS];
    for (row, value) in rows {
        for (line, factor) in matrix.iter_mut().zip(row) {
            for (sum, term) in line.iter_mut().zip(row.into_iter().chain([value])) {
                *sum += factor * term;
            }
        }
    }
    for pivot in 0..TERMS {
        let line = matrix[pivot];
        if line[pivot].abs() < 1e-6 {
            return None;
        }
        for (other, row) in matrix.iter_mut().enumerate() {
            let factor = if other == pivot { 0.0 } else { row[pivot] / line[pivot] };
            if factor != 0.0 {
                for (value, above) in row.iter_mut().zip(line).skip(pivot) {
                    *value -= factor * above;
                }
            }
        }
    }
    Some(std::array::from_fn(|term| matrix[term][TERMS] / matrix[term][term]))
}

/// The level between ink and paper that splits their shades best (Otsu 1979).
fn otsu(data: &[f32], peak: f64) -> f64 {
    let mut bins = [0.0; 64];
    for value in data {
        bins[((64.0 * f64::from(*value) / peak) as usize).min(63)] += 1.0;
    }
    let total = bins.iter().enumerate().fold(0.0, |sum, (bin, count)| sum + count * bin as f64);
    let (mut below, mut sum_below, mut best, mut at) = (0.0, 0.0, -1.0, 0);
    for (bin, count) in bins.iter().enumerate() {
        below += count;
        sum_below += count * bin as f64;
        let rest = data.len() as f64 - below;
        if below == 0.0 || rest == 0.0 {
            continue;
        }
        let distance = sum_below / below - (total - sum_below) / rest;
        let between = below * rest * (distance * distance);
        if between > best {
            (best, at) = (between, bin);
        }
    }
    (at + 1) as f64 * peak / 64.0
}

/// Cuts out the digit, specks left out.
fn crop(ink: &Grey, threshold: f64) -> Result<Found, TrainError> {
    let Grey { data, width, height } = ink;
    // down to half of the threshold, where a stroke's edge fades
    let is_ink = |pixel: usize| f64::from(data[pixel]) >= threshold / 2.0;
    let mut part_of = filled(data.len(), 0_u32)?; // from 1; 0 for paper
    let mut part = filled(data.len(), 0_usize)?;
    let mut weights = vec![];
    for start in 0..data.len() {
        if part_of[start] != 0 || !is_ink(start) {
            continue;
        }
        weights.push(0.0);
        let number = weights.len();
        part_of[start] = number as u32;
        part[0] = start;
        let (mut next, mut end) = (0, 1);
        while next < end {
            let (x, y) = (part[next] % width, part[next] / width);
            weights[number - 1] += f64::from(data[part[next]]);
            next += 1;
            for v in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for u in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let at = v * width + u;
                    if part_of[at] == 0 && is_ink(at) {
                        part_of[at] = number as u32;
                        part[end] = at;
                        end += 1;
                    }
                }
            }
        }
    }
    let heaviest = weights.iter().copied().fold(0.0, f64::max);
    let is_kept =
        |pixel: usize| part_of[pixel] != 0 && weights[part_of[pixel] as usize - 1] >= SPECK * heaviest;
    let (mut left, mut top, mut right, mut bottom) = (*width, *height, 0, 0);
    for pixel in (0..data.len()).filter(|pixel| is_kept(*pixel)) {
        (left, right) = (left.min(pixel % width), right.max(pixel % width));
        (top, bottom) = (top.min(pixel / width), bottom.max(pixel / width));
    }
    if left > right {
        return Ok(Found::Blank);
    }
    let (wide, high) = (right - left + 1, bottom - top + 1);
    let mut pixels = filled(wide * high, 0_u8)?;
    for (index, value) in pixels.iter_mut().enumerate() {
        let at = (top + index / wide) * width + left + index % wide;
        // from half of the threshold to half above it: the edge of a stroke keeps its shades, and paper has none
        let level = (f64::from(data[at]) - threshold / 2.0) / threshold;
        *value = if is_kept(at) { (255.0 * level.clamp(0.0, 1.0)) as u8 } else { 0 };
    }
    Ok(Found::Ink { pixels, width: wide, height: high })
}

/// The value that a share of all is at most.
fn quantile(data: &[f32], share: f64) -> Result<f32, TrainError> {
    let mut sorted = filled(data.len(), 0_f32)?;
    sorted.copy_from_slice(data);
    let at = ((share * data.len() as f64).floor() as usize).min(data.len() - 1);
    let (_, value, _) = sorted.select_nth_unstable_by(at, f32::total_cmp);
    Ok(*value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of `paper` with a rectangle of `ink`, `[top, left, height, width]`, opaque.
    fn drawn(side: usize, paper: u8, ink: u8, [top, left, high, wide]: [usize; 4]) -> Vec<u8> {
        (0..side * side)
            .flat_map(|pixel| {
                let (x, y) = (pixel % side, pixel / side);
                let is_ink = (top..top + high).contains(&y) && (left..left + wide).contains(&x);
                let level = if is_ink { ink } else { paper };
                [level, level, level, 255]
            })
            .collect()
    }

    #[test]
    fn ink_is_cropped_whether_dark_or_light() {
        for (paper, ink, inverted) in [(255, 0, true), (10, 240, false)] {
            let samples = drawn(60, paper, ink, [12, 20, 30, 10]);
            let digit = separate_digit(&samples, 60, 60, None).unwrap();
            let found = Found::Ink { pixels: vec![255; 300], width: 10, height: 30 };
            assert_eq!(digit, Digit { inverted, found });
            assert_eq!(separate_digit(&samples, 60, 60, Some(inverted)).unwrap(), digit);
        }
    }

    #[test]
    fn specks_are_left_out() {
        let mut samples = drawn(60, 255, 0, [12, 20, 30, 10]);
        samples[4 * (5 * 60 + 55)..][..3].fill(0);
        let Found::Ink { width, height, .. } = separate_digit(&samples, 60, 60, None).unwrap().found else {
            panic!("no ink")
        };
        assert_eq!((width, height), (10, 30));
    }

    #[test]
    fn transparent_pixels_are_paper() {
        let mut samples = drawn(60, 0, 0, [0; 4]);
        for (pixel, of) in samples.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            of[3] = if (600..1200).contains(&pixel) && (20..30).contains(&(pixel % 60)) { 255 } else { 0 };
        }
        let digit = separate_digit(&samples, 60, 60, None).unwrap();
        assert_eq!(digit.found, Found::Ink { pixels: vec![255; 100], width: 10, height: 10 });
    }

    #[test]
    fn an_image_in_the_form_of_mnist_is_taken_unless_it_is_to_be_inverted() {
        let samples = drawn(28, 0, 200, [8, 8, 12, 10]);
        let Found::Fitted(pixels) = separate_digit(&samples, 28, 28, None).unwrap().found else {
            panic!("not taken")
        };
        assert_eq!(pixels.iter().filter(|level| **level == 200).count(), 120);
        assert!(!matches!(separate_digit(&samples, 28, 28, Some(true)).unwrap().found, Found::Fitted(_)));
    }

    #[test]
    fn empty_paper_is_blank() {
        let digit = separate_digit(&drawn(50, 230, 0, [0; 4]), 50, 50, None).unwrap();
        assert_eq!(digit, Digit { inverted: false, found: Found::Blank });
    }

    #[test]
    fn an_image_of_one_pixel_has_no_digit() {
        for level in [0, 255] {
            assert_eq!(separate_digit(&[level, level, level, 255], 1, 1, None).unwrap().found, Found::Blank);
        }
    }

    #[test]
    fn samples_that_do_not_fit_their_size_are_an_error() {
        assert_eq!(separate_digit(&[0; 3], 1, 1, None).unwrap_err().code(), "internal");
    }
}
