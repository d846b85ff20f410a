use crate::frame::{Frame, LANES, Lanes, Windows, sum_lanes};
use crate::isa::kernel;
use crate::vector::{Simd, Vector, sum_each};

kernel! {
    /// Computes the gradient of a convolution's weights `[out][in][kernel][kernel]` over one group: per weight and lane a
    /// chain of fused multiply-adds through rows and columns, then the lanes' [`sum_lanes`].
    ///
    /// # Panics
    ///
    /// If frames and slices don't match.
    pub fn conv_weight_gradient(
        input: &[Lanes],
        in_frame: Frame,
        windows: Windows,
        out_gradient: &[Lanes],
        out_frame: Frame,
        kernel: usize,
        gradient: &mut [f32],
    ) = body
}

#[inline(always)]
fn body<V: Vector>(
    simd: Simd<V>,
    input: &[Lanes],
    in_frame: Frame,
    windows: Windows,
    out_gradient: &[Lanes],
    out_frame: Frame,
    kernel: usize,
    gradient: &mut [f32],
) {
    assert!(kernel > 0);
    let origin = windows.origin(in_frame, kernel, out_frame);
    assert!(input.len() >= in_frame.len() && out_gradient.len() >= out_frame.len());
    assert_eq!(gradient.len(), out_frame.channels() * in_frame.channels() * kernel * kernel);

    let block = Block {
        input: &input[origin..],
        in_frame,
        out_gradient,
        out_frame,
        kernel,
        stride: windows.stride,
        dilation: windows.dilation,
    };
    // As many sums as hide the latency of a multiply-add and leave registers for what they read; nine taps are three times
    // three.
    match (V::MANY && gradient.len() > 9 * out_frame.channels(), windows.stride) {
        (true, 1) => block.run::<V, 4, 4, true>(simd, gradient),
        (true, _) => block.run::<V, 4, 4, false>(simd, gradient),
        (false, 1) => block.run::<V, 4, 3, true>(simd, gradient),
        (false, _) => block.run::<V, 4, 3, false>(simd, gradient),
    }
}

/// A weight of one output channel.
struct Tap {
    channel: usize,
    row: usize,
    column: usize,
    dilation: usize,
}

impl Tap {
    /// Returns the place in the input that it reads for the first pixel, and moves on to the next tap. Counts up, since
    /// divisions would take as long as a small image.
    #[inline(always)]
    fn next(&mut self, kernel: usize, frame: Frame) -> usize {
        let place = self.channel * frame.channel_stride()
            + self.dilation * (self.row * frame.row_stride() + self.column);
        self.column += 1;
        if self.column == kernel {
            (self.column, self.row) = (0, self.row + 1);
        }
        if self.row == kernel {
            (self.row, self.channel) = (0, self.channel + 1);
        }
        place
    }
}

/// `input` begins at the first pixel that the first window reads.
struct Block<'a> {
    input: &'a [Lanes],
    in_frame: Frame,
    out_gradient: &'a [Lanes],
    out_frame: Frame,
    kernel: usize,
    stride: usize,
    dilation: usize,
}

impl Block<'_> {
    /// Computes all gradients, those of `OUT` output channels and `TAPS` taps at a time. `DENSE` says that the stride is 1.
    #[inline(always)]
    fn run<V: Vector, const OUT: usize, const TAPS: usize, const DENSE: bool>(
        &self,
        simd: Simd<V>,
        gradient: &mut [f32],
    ) {
        let channels = self.out_frame.channels();
        let taps = gradient.len() / channels;
        for first in (0..channels).step_by(OUT) {
            let outs = (channels - first).min(OUT);
            let rows = std::array::from_fn(|i| self.out_frame.at((first + i).min(channels - 1), 0, 0));
            let mut tap = Tap { channel: 0, row: 0, column: 0, dilation: self.dilation };
            for first_tap in (0..taps).step_by(TAPS) {
                let count = (taps - first_tap).min(TAPS);
                // Missing taps repeat the last one, and are not stored.
                let mut places = [tap.next(self.kernel, self.in_frame); TAPS];
                for i in 1..TAPS {
                    places[i] = if i < count { tap.next(self.kernel, self.in_frame) } else { places[i - 1] };
                }
                let lanes = self.sums::<V, OUT, TAPS, DENSE>(simd, &places, &rows);
                let mut sums = [[0.0; TAPS]; OUT];
                sum_each(simd, lanes.as_flattened(), sums.as_flattened_mut());
                for (out, sums) in sums.iter().enumerate().take(outs) {
                    gradient[(first + out) * taps + first_tap..][..count].copy_from_slice(&sums[..count]);
                }
            }
        }
    }

    /// Sums products over all pixels, per lane, for some output channels (by the place of the first pixel) and taps (by the
    /// place in the input that the first pixel reads).
    #[inline(always)]
    fn sums<V: Vector, const OUT: usize, const TAPS: usize, const DENSE: bool>(
        &self,
        simd: Simd<V>,
        places: &[usize; TAPS],
        rows: &[usize; OUT],
    ) -> [[Lanes; TAPS]; OUT] {
        let (height, width) = (self.out_frame.height(), self.out_frame.width());
        let (in_stride, out_stride) = (self.in_frame.row_stride(), self.out_frame.row_stride());
        let stride = if DENSE { 1 } else { self.stride };
        let in_last = (height - 1) * stride * in_stride + (width - 1) * stride + 1;
        let out_last = (height - 1) * out_stride + width;
        assert!(places.iter().all(|place| place + in_last <= self.input.len()));
        assert!(rows.iter().all(|row| row + out_last <= self.out_gradient.len()));
        let mut lanes = [[[0.0; LANES]; TAPS]; OUT];
        let mut part = 0;
        while part < LANES {
            let mut sums = [[simd.splat(0.0); TAPS]; OUT];
            // SAFETY: each pixel lies within `in_last` or `out_last` of a place that was checked against its slice; a
            // pixel has 16 lanes, of which `WIDTH` from `part` on are read.
            unsafe {
                let input = self.input.as_ptr().cast::<f32>().add(part);
                let gradient = self.out_gradient.as_ptr().cast::<f32>().add(part);
                for row in 0..height {
                    let taps: [*const f32; TAPS] =
                        std::array::from_fn(|i| input.add((places[i] + row * stride * in_stride) * LANES));
                    let outs: [*const f32; OUT] =
                        std::array::from_fn(|i| gradient.add((rows[i] + row * out_stride) * LANES));
                    for column in 0..width {
                        let pixels: [V; TAPS] =
                            std::array::from_fn(|i| V::load(taps[i].add(column * stride * LANES)));
                        for (sums, out) in sums.iter_mut().zip(outs) {
                            let gradient = V::load(out.add(column * LANES));
                            for (sum, pixel) in sums.iter_mut().zip(pixels) {
                                *sum = pixel.mul_add(gradient, *sum);
                            }
                        }
                    }
                }
            }
            for (sums, lanes) in sums.iter().zip(&mut lanes) {
                for (sum, lanes) in sums.iter().zip(lanes) {
                    // SAFETY: `part + WIDTH` is at most 16, the length of `lanes`.
                    unsafe { sum.store(lanes.as_mut_ptr().add(part)) };
                }
            }
            part += V::WIDTH;
        }
        lanes
    }
}

kernel! {
    /// Computes the gradient of a convolution's bias `[out]` over one group.
    pub fn conv_bias_gradient(out_gradient: &[Lanes], out_frame: Frame, gradient: &mut [f32]) = bias_body
}

#[inline(always)]
fn bias_body<V: Vector>(_simd: Simd<V>, out_gradient: &[Lanes], out_frame: Frame, gradient: &mut [f32]) {
    for (channel, gradient) in gradient.iter_mut().enumerate() {
        let mut sums = [0.0; LANES];
        for row in 0..out_frame.height() {
            for pixel in &out_gradient[out_frame.at(channel, row, 0)..][..out_frame.width()] {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += value;
                }
            }
        }
        *gradient = sum_lanes(&sums);
    }
}
