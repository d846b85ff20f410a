use super::copy::{copy, copy_planes};
use super::{ImageReads, Operation, PlanesMut, Reads, View, ViewMut};

/// The channels of all inputs, one input after another.
pub(in super::super) struct Concat;

impl Operation for Concat {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        let mut first = 0;
        for input in 0..reads.stage.inputs.len() {
            let from = reads.input(input);
            let (frame, range) = to.frame.part(first, from.frame.channels());
            copy(from, ViewMut { pixels: &mut to.pixels[range], frame });
            first += from.frame.channels();
        }
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let mut first = 0;
        for input in 0..reads.stage.inputs.len() {
            let from = reads.input(input);
            let channels = from.planes.frame().channels();
            let (planes, range) = to.planes.part(first, channels);
            copy_planes(from, &mut to.registers.as_flattened_mut()[range], planes);
            first += channels;
        }
    }

    fn input_gradient(&self, reads: &Reads, input: usize, to: ViewMut) {
        let gradient = reads.gradient();
        let first = (0..input).map(|before| reads.input(before).frame.channels()).sum();
        let (frame, range) = gradient.frame.part(first, to.frame.channels());
        copy(View { pixels: &gradient.pixels[range], frame }, to);
    }
}
