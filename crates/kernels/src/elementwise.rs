use crate::activation::{Dropout, Scaling};
use crate::frame::{Frame, LANES, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

kernel! {
    /// Applies a norm that no ReLU follows: `scale * value + shift`. `values` has no border; that of `output` is unchanged.
    pub fn scale(values: &[Lanes], norm: Scaling, output: &mut [Lanes], out_frame: Frame) = scale_body
}

#[inline(always)]
fn scale_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    norm: Scaling,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    for (channel, values) in channels(values, out_frame).enumerate() {
        let (scale, shift) = (simd.splat(norm.scale[channel]), simd.splat(norm.shift[channel]));
        for (row, from) in values.chunks_exact(out_frame.width()).enumerate() {
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            for (to, from) in to.iter_mut().zip(from) {
                for part in parts::<V>() {
                    store(simd.load(from, part).mul_add(scale, shift), to, part);
                }
            }
        }
    }
}

kernel! {
    /// Applies a dropout alone, forward to values or backward to gradients. `values` has no border; that of `output` is
    /// unchanged.
    pub fn drop_out(values: &[Lanes], dropout: &Dropout, output: &mut [Lanes], out_frame: Frame) = drop_body
}

#[inline(always)]
fn drop_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    dropout: &Dropout,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let Dropout { keys: [low, high], threshold, kept } = dropout;
    let mut position = 0;
    for (channel, values) in channels(values, out_frame).enumerate() {
        for (row, from) in values.chunks_exact(out_frame.width()).enumerate() {
            let to = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            for (to, from) in to.iter_mut().zip(from) {
                for part in parts::<V>() {
                    assert!(part + V::WIDTH <= LANES);
                    // SAFETY: `WIDTH` lanes from `part` on are within the 16 keys.
                    let value = unsafe {
                        let keys = [low.as_ptr().add(part), high.as_ptr().add(part)];
                        simd.load(from, part).mul(simd.splat(*kept)).where_kept(keys, position, *threshold)
                    };
                    store(value, to, part);
                }
                position += 1;
            }
        }
    }
}

/// Returns the values of each channel, without a border.
#[inline(always)]
fn channels(values: &[Lanes], frame: Frame) -> impl Iterator<Item = &[Lanes]> {
    values.chunks_exact(frame.height() * frame.width()).take(frame.channels())
}
