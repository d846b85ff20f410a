use crate::isa::kernel;
use crate::vector::{Simd, Vector};

/// Zeros around an image, so that neighbours of a pixel just outside need no check.
const BORDER: usize = 2;

/// Columns that are computed together.
const COLUMNS: usize = 16;

/// An image with a border of zeros, as [`warp`] reads it.
#[derive(Debug, Clone)]
pub struct Bordered {
    size: usize,
    pixels: Vec<f32>,
}

impl Bordered {
    /// Allocates a blank image of `size * size`.
    ///
    /// # Panics
    ///
    /// If `size` is above 2^15.
    #[must_use]
    pub fn new(size: usize) -> Self {
        assert!(size <= 1 << 15, "an image of {size} x {size}");
        Self { size, pixels: vec![0.0; (size + 2 * BORDER) * (size + 2 * BORDER)] }
    }

    /// Returns each row of the image, to write.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let (size, stride) = (self.size, self.size + 2 * BORDER);
        self.pixels
            .chunks_exact_mut(stride)
            .skip(BORDER)
            .take(size)
            .map(move |row| &mut row[BORDER..][..size])
    }
}

kernel! {
    /// Warps `source` by an affine transformation, bilinearly; pixels outside are zero. `inverse` maps a pixel of `target`
    /// (`size * size`) to the place where it is read, both from the centre of the image: `[a b c; d e f]`.
    ///
    /// Places are computed in f64 by single multiplications and additions, the mean of neighbours in f32.
    ///
    /// # Panics
    ///
    /// If `target` is not of the source's size.
    pub fn warp(source: &Bordered, inverse: &[f64; 6], target: &mut [f32]) = warp_body
}

#[inline(always)]
fn warp_body<V: Vector>(_simd: Simd<V>, source: &Bordered, inverse: &[f64; 6], target: &mut [f32]) {
    let &Bordered { size, ref pixels } = source;
    let &[a, b, c, d, e, f] = inverse;
    assert_eq!(target.len(), size * size);
    let stride = size + 2 * BORDER;
    let centre = size as f64 / 2.0 - 0.5;
    for (row, values) in target.chunks_exact_mut(size).enumerate() {
        let y = row as f64 - centre;
        let (from_x, from_y) = (b * y, e * y);
        for (part, values) in values.chunks_mut(COLUMNS).enumerate() {
            let mut places = [0_u32; COLUMNS];
            let (mut right, mut down) = ([0.0_f32; COLUMNS], [0.0_f32; COLUMNS]);
            for i in 0..COLUMNS {
                let x = (part * COLUMNS + i) as f64 - centre;
                let (column, share) = whole(a * x + from_x + c + centre, size);
                right[i] = share;
                let (row, share) = whole(d * x + from_y + f + centre, size);
                down[i] = share;
                places[i] = ((row + BORDER as i32) * stride as i32 + column + BORDER as i32) as u32;
            }
            let mut corners = [[0.0_f32; COLUMNS]; 4];
            for (i, &place) in places.iter().enumerate().take(values.len()) {
                let place = place as usize;
                let (top, bottom) = (&pixels[place..][..2], &pixels[place + stride..][..2]);
                [corners[0][i], corners[1][i], corners[2][i], corners[3][i]] =
                    [top[0], top[1], bottom[0], bottom[1]];
            }
            let mut mixed = [0.0; COLUMNS];
            for i in 0..COLUMNS {
                let top = corners[0][i] * (1.0 - right[i]) + corners[1][i] * right[i];
                let bottom = corners[2][i] * (1.0 - right[i]) + corners[3][i] * right[i];
                mixed[i] = top * (1.0 - down[i]) + bottom * down[i];
            }
            values.copy_from_slice(&mixed[..values.len()]);
        }
    }
}

/// Returns the pixel at or before a place, and the place's distance from it; places outside, and NaN, fall on the border.
#[inline(always)]
fn whole(place: f64, size: usize) -> (i32, f32) {
    let place = place.max(-2.0).min(size as f64);
    // SAFETY: `max` and `min` leave no NaN, and sizes are at most 2^15.
    let towards_zero: i32 = unsafe { place.to_int_unchecked() };
    let below = towards_zero - i32::from(f64::from(towards_zero) > place);
    (below, (place - f64::from(below)) as f32)
}
