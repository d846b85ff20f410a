use crate::frame::{Frame, LANES, LaneBits, Lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, parts, store};

/// The operations after a block's convolution: an optional norm, a ReLU, and an optional dropout.
#[derive(Debug, Clone, Copy)]
pub struct Activation<'a> {
    /// `scale * value + shift`, per channel.
    pub norm: Option<Scaling<'a>>,
    /// The dropout, in training.
    pub dropout: Option<&'a Dropout>,
}

/// A norm as scale and shift per channel.
#[derive(Debug, Clone, Copy)]
pub struct Scaling<'a> {
    /// `[channels]`.
    pub scale: &'a [f32],
    /// `[channels]`.
    pub shift: &'a [f32],
}

/// A dropout's masks for a group: an activation is dropped by the hash of its image's key and its position
/// `(channel * height + row) * width + column`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The two halves of each image's key.
    pub keys: [[u32; LANES]; 2],
    /// Activations whose hash is below this are dropped.
    pub threshold: u32,
    /// The factor of the others.
    pub kept: f32,
}

/// An [`Activation`] of a channel.
#[derive(Clone, Copy)]
struct OfChannel<'a, V> {
    simd: Simd<V>,
    /// Scale and shift.
    norm: Option<(V, V)>,
    dropout: Option<&'a Dropout>,
}

impl<'a> Activation<'a> {
    #[inline(always)]
    fn of_channel<V: Vector>(&self, simd: Simd<V>, channel: usize) -> OfChannel<'a, V> {
        let norm = self.norm.map(|norm| (simd.splat(norm.scale[channel]), simd.splat(norm.shift[channel])));
        OfChannel { simd, norm, dropout: self.dropout }
    }
}

impl<V: Vector> OfChannel<'_, V> {
    /// Returns the lanes from `part` on of the value at a dropout's `position`, activated.
    #[inline(always)]
    fn activate(&self, value: &Lanes, position: usize, part: usize) -> V {
        let value = self.simd.load(value, part);
        let value = self.norm.map_or(value, |(scale, shift)| value.mul_add(scale, shift));
        let value = value.relu();
        let Some(Dropout { keys: [low, high], threshold, kept }) = self.dropout else { return value };
        // SAFETY: `WIDTH` lanes from `part` on are within the 16 keys, as `load` has asserted.
        unsafe {
            let keys = [low.as_ptr().add(part), high.as_ptr().add(part)];
            value.mul(self.simd.splat(*kept)).where_kept(keys, position as u32, *threshold)
        }
    }
}

kernel! {
    /// Applies norm, ReLU and dropout in one pass. `values` has no border; the border of `output` is unchanged.
    /// For the backward pass, `passing` gets the lanes of each value that are above zero after it: those were neither cut by
    /// the ReLU nor dropped, so their gradient passes.
    pub fn activate(
        values: &[Lanes],
        activation: Activation,
        passing: Option<&mut [LaneBits]>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = activate_body
}

#[inline(always)]
fn activate_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    activation: Activation,
    mut passing: Option<&mut [LaneBits]>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let (channels, height, width) = (out_frame.channels(), out_frame.height(), out_frame.width());
    for channel in 0..channels {
        let activation = activation.of_channel(simd, channel);
        for row in 0..height {
            let first = (channel * height + row) * width;
            let pixels =
                values[first..][..width].iter().zip(&mut output[out_frame.at(channel, row, 0)..][..width]);
            match passing.as_deref_mut() {
                Some(passing) => {
                    for ((position, (from, to)), passing) in
                        (first..).zip(pixels).zip(&mut passing[first..][..width])
                    {
                        *passing = 0;
                        for part in parts::<V>() {
                            let value = activation.activate(from, position, part);
                            *passing |= value.positive_bits() << part;
                            store(value, to, part);
                        }
                    }
                }
                None => {
                    for (position, (from, to)) in (first..).zip(pixels) {
                        for part in parts::<V>() {
                            store(activation.activate(from, position, part), to, part);
                        }
                    }
                }
            }
        }
    }
}

kernel! {
    /// Applies norm, ReLU, dropout and a max pool over windows of 2 x 2 in one pass, which writes none of the activated
    /// values but the largest of each window. `values` has no border; that of `output` is unchanged.
    ///
    /// For the backward pass, `passing` gets the lanes of each value that the gradient of its window goes to: those in which
    /// it is the first of the largest, in the order of rows, and above zero. Rows and columns that fill no window are left
    /// out.
    pub fn activate_and_pool(
        values: &[Lanes],
        frame: Frame,
        activation: Activation,
        passing: Option<&mut [LaneBits]>,
        output: &mut [Lanes],
        out_frame: Frame,
    ) = pool_body
}

#[inline(always)]
fn pool_body<V: Vector>(
    simd: Simd<V>,
    values: &[Lanes],
    frame: Frame,
    activation: Activation,
    mut passing: Option<&mut [LaneBits]>,
    output: &mut [Lanes],
    out_frame: Frame,
) {
    let (height, width) = (frame.height(), frame.width());
    assert_eq!((out_frame.height(), out_frame.width()), (height / 2, width / 2));
    for channel in 0..out_frame.channels() {
        let activation = activation.of_channel(simd, channel);
        for row in 0..out_frame.height() {
            let first = (channel * height + 2 * row) * width;
            let (above, below) = values[first..][..2 * width].split_at(width);
            let windows = above.as_chunks::<2>().0.iter().zip(below.as_chunks::<2>().0);
            let output = &mut output[out_frame.at(channel, row, 0)..][..out_frame.width()];
            let positions =
                (first..).step_by(2).map(|first| [first, first + 1, first + width, first + width + 1]);
            let windows = windows.map(|([a, b], [c, d])| [a, b, c, d]).zip(positions).zip(output);
            match passing.as_deref_mut() {
                Some(passing) => {
                    let (above, below) = passing[first..][..2 * width].split_at_mut(width);
                    let passing = above.as_chunks_mut::<2>().0.iter_mut().zip(below.as_chunks_mut::<2>().0);
                    for (((values, positions), to), (above, below)) in windows.zip(passing) {
                        let mut bits = [0; 4];
                        for part in parts::<V>() {
                            let window = Window::of(activation, values, positions, part);
                            for (bits, first) in bits.iter_mut().zip(window.firsts()) {
                                *bits |= first << part;
                            }
                            store(window.largest, to, part);
                        }
                        let [a, b, c, d] = bits;
                        (*above, *below) = ([a, b], [c, d]);
                    }
                }
                None => {
                    for ((values, positions), to) in windows {
                        for part in parts::<V>() {
                            store(Window::of(activation, values, positions, part).largest, to, part);
                        }
                    }
                }
            }
        }
    }
}

/// The activated values of a window, in the order of rows.
struct Window<V> {
    values: [V; 4],
    largest: V,
}

impl<V: Vector> Window<V> {
    #[inline(always)]
    fn of(activation: OfChannel<V>, values: [&Lanes; 4], positions: [usize; 4], part: usize) -> Self {
        let [a, b, c, d] = values;
        let [at_a, at_b, at_c, at_d] = positions;
        let values = [
            activation.activate(a, at_a, part),
            activation.activate(b, at_b, part),
            activation.activate(c, at_c, part),
            activation.activate(d, at_d, part),
        ];
        let [a, b, c, d] = values;
        Self { values, largest: a.or_larger(b).or_larger(c).or_larger(d) }
    }

    /// Returns the lanes in which each value is the first that equals the largest, where that is above zero.
    #[inline(always)]
    fn firsts(&self) -> [LaneBits; 4] {
        let mut left = self.largest.positive_bits();
        let mut firsts = [0; 4];
        for (first, value) in firsts.iter_mut().zip(&self.values) {
            *first = value.equal_bits(self.largest) & left;
            left &= !*first;
        }
        firsts
    }
}
