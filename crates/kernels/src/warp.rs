use crate::isa::kernel;
use crate::vector::{Simd, Vector};

/// Pixels around an image, so that neighbours of a pixel just outside need no check.
const BORDER: usize = 2;

/// Columns that are computed together.
const COLUMNS: usize = 16;

/// An image with a border, as [`warp`] and [`displace`] read it.
#[derive(Debug, Clone)]
pub struct Bordered {
    size: usize,
    pixels: Vec<f32>,
    /// The value of all pixels of the border; `None` if they repeat the image's edges.
    border: Option<f32>,
}

impl Bordered {
    /// Allocates a blank image of `size * size`, whose border is zero.
    ///
    /// # Panics
    ///
    /// If `size` is above 2^15.
    #[must_use]
    pub fn new(size: usize) -> Self {
        assert!(size <= 1 << 15, "an image of {size} x {size}");
        let pixels = vec![0.0; (size + 2 * BORDER) * (size + 2 * BORDER)];
        Self { size, pixels, border: Some(0.0) }
    }

    /// Returns each row of the image, to write.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let (size, stride) = (self.size, self.stride());
        self.pixels
            .chunks_exact_mut(stride)
            .skip(BORDER)
            .take(size)
            .map(move |row| &mut row[BORDER..][..size])
    }

    /// Makes all pixels outside the image equal.
    pub fn surround(&mut self, value: f32) {
        if self.border == Some(value) {
            return;
        }
        let (size, stride) = (self.size, self.stride());
        for (row, pixels) in self.pixels.chunks_exact_mut(stride).enumerate() {
            if (BORDER..BORDER + size).contains(&row) {
                pixels[..BORDER].fill(value);
                pixels[BORDER + size..].fill(value);
            } else {
                pixels.fill(value);
            }
        }
        self.border = Some(value);
    }

    /// Makes each pixel outside the image equal to the nearest one inside, as the rows are now.
    pub fn repeat_edges(&mut self) {
        let (size, stride) = (self.size, self.stride());
        for row in self.pixels.chunks_exact_mut(stride).skip(BORDER).take(size) {
            let edges = [row[BORDER], row[BORDER + size - 1]];
            row[..BORDER].fill(edges[0]);
            row[BORDER + size..].fill(edges[1]);
        }
        for row in 0..BORDER {
            self.pixels.copy_within(BORDER * stride..(BORDER + 1) * stride, row * stride);
            let last = (BORDER + size - 1) * stride;
            self.pixels.copy_within(last..last + stride, (BORDER + size + row) * stride);
        }
        self.border = None;
    }

    fn stride(&self) -> usize {
        self.size + 2 * BORDER
    }
}

kernel! {
    /// Warps `source` by an affine transformation, bilinearly. `inverse` maps a pixel of `target` (`size * size`) to the
    /// place where it is read, both from the centre of the image: `[a b c; d e f]`.
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
    let &[a, b, c, d, e, f] = inverse;
    let centre = source.size as f64 / 2.0 - 0.5;
    read_at(source, target, |row| {
        let y = row as f64 - centre;
        let (from_x, from_y) = (b * y, e * y);
        move |column| {
            let x = column as f64 - centre;
            [a * x + from_x + c + centre, d * x + from_y + f + centre]
        }
    });
}

kernel! {
    /// Reads each pixel of `target` (`size * size`) at a place of its own, bilinearly: `shifts` are its distances to the
    /// right and down, in pixels, of `target`'s length each.
    ///
    /// # Panics
    ///
    /// If `target` or the shifts are not of the source's size.
    pub fn displace(source: &Bordered, shifts: [&[f32]; 2], target: &mut [f32]) = displace_body
}

#[inline(always)]
fn displace_body<V: Vector>(_simd: Simd<V>, source: &Bordered, shifts: [&[f32]; 2], target: &mut [f32]) {
    let size = source.size;
    let [right, down] = shifts;
    assert!(right.len() == size * size && down.len() == size * size);
    read_at(source, target, |row| {
        let [right, down] = [right, down].map(|shifts| &shifts[row * size..][..size]);
        move |column| {
            let shift = |shifts: &[f32]| f64::from(shifts[column.min(size - 1)]);
            [column as f64 + shift(right), row as f64 + shift(down)]
        }
    });
}

/// Reads each pixel of `target` at its place, `[column, row]`, which `place_in` returns for a row and then for a column.
#[inline(always)]
fn read_at<Place: Fn(usize) -> [f64; 2]>(
    source: &Bordered,
    target: &mut [f32],
    place_in: impl Fn(usize) -> Place,
) {
    let &Bordered { size, ref pixels, .. } = source;
    assert_eq!(target.len(), size * size);
    let stride = source.stride();
    for (row, values) in target.chunks_exact_mut(size).enumerate() {
        let place_of = place_in(row);
        for (part, values) in values.chunks_mut(COLUMNS).enumerate() {
            let mut places = [0_u32; COLUMNS];
            let (mut right, mut down) = ([0.0_f32; COLUMNS], [0.0_f32; COLUMNS]);
            for i in 0..COLUMNS {
                let [x, y] = place_of(part * COLUMNS + i);
                let (column, share) = whole(x, size);
                right[i] = share;
                let (row, share) = whole(y, size);
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
