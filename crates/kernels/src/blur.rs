use crate::isa::kernel;
use crate::vector::{Simd, Vector};

kernel! {
    /// Blurs an image `[size, size]` in place by a kernel that is the product of `taps` along the columns and along the rows;
    /// beyond its edges, which are not repeated, the image is mirrored. `buffer` has at least `size * size` and `3 * size`
    /// values.
    ///
    /// Sums run over the taps in their order, by single multiplications and additions.
    ///
    /// # Panics
    ///
    /// If `taps` are not odd, or reach as far as the image is large; or if a slice is too short.
    pub fn blur(taps: &[f32], size: usize, image: &mut [f32], buffer: &mut [f32]) = blur_body
}

#[inline(always)]
fn blur_body<V: Vector>(_simd: Simd<V>, taps: &[f32], size: usize, image: &mut [f32], buffer: &mut [f32]) {
    let reach = taps.len() / 2;
    assert!(taps.len() % 2 == 1 && reach < size, "{} taps for an image of {size} pixels", taps.len());
    let image = &mut image[..size * size];

    let columns = &mut buffer[..size * size];
    for (row, sums) in columns.chunks_exact_mut(size).enumerate() {
        sums.fill(0.0);
        for (offset, &tap) in taps.iter().enumerate() {
            add(sums, tap, &image[mirrored(row + offset, reach, size) * size..]);
        }
    }
    image.copy_from_slice(columns);

    let row = &mut buffer[..size + 2 * reach];
    for sums in image.chunks_exact_mut(size) {
        for (place, value) in row.iter_mut().enumerate() {
            *value = sums[mirrored(place, reach, size)];
        }
        sums.fill(0.0);
        for (offset, &tap) in taps.iter().enumerate() {
            add(sums, tap, &row[offset..]);
        }
    }
}

/// Adds a multiple of values.
#[inline(always)]
fn add(sums: &mut [f32], tap: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += tap * value;
    }
}

/// Returns the pixel that stands at a place, counted from `reach` before the first pixel.
#[inline(always)]
fn mirrored(place: usize, reach: usize, size: usize) -> usize {
    let from_first = place.abs_diff(reach);
    if from_first < size { from_first } else { 2 * (size - 1) - from_first }
}
