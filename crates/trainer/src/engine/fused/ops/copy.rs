use stepladder_kernels::{Frame, Planes};

use super::{ImageReads, Operation, PlanesMut, PlanesView, Reads, View, ViewMut};

/// The same numbers in another frame: with a border where another reader of them needs one, or flattened.
pub(in super::super) struct Copy;

impl Operation for Copy {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        copy(reads.input(0), to);
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        copy_planes(reads.input(0), to.registers.as_flattened_mut(), to.planes);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        copy(reads.gradient(), to);
    }
}

/// Copies the same numbers, in the same order, into another frame.
pub(super) fn copy(from: View, to: ViewMut) {
    if from.frame.inner() == to.frame.inner() {
        let width = to.frame.width();
        for (channel, row) in rows(to.frame) {
            let from = &from.pixels[from.frame.at(channel, row, 0)..][..width];
            to.pixels[to.frame.at(channel, row, 0)..][..width].copy_from_slice(from);
        }
        return;
    }
    for (from_at, to_at) in places(from.frame).zip(places(to.frame)) {
        to.pixels[to.frame.at(to_at[0], to_at[1], to_at[2])] =
            from.pixels[from.frame.at(from_at[0], from_at[1], from_at[2])];
    }
}

/// Copies the same numbers of a single image, in the same order, into other planes.
pub(in super::super) fn copy_planes(from: PlanesView, to: &mut [f32], planes: Planes) {
    let (values, from) = (from.values(), from.planes);
    if from.frame().inner() == planes.frame().inner() {
        let width = planes.frame().width();
        for (channel, row) in rows(planes.frame()) {
            let from = &values[from.at(channel, row, 0)..][..width];
            to[planes.at(channel, row, 0)..][..width].copy_from_slice(from);
        }
        return;
    }
    for (from_at, to_at) in places(from.frame()).zip(places(planes.frame())) {
        to[planes.at(to_at[0], to_at[1], to_at[2])] = values[from.at(from_at[0], from_at[1], from_at[2])];
    }
}

/// Returns channel and row of each row.
pub(super) fn rows(frame: Frame) -> impl Iterator<Item = (usize, usize)> {
    (0..frame.channels()).flat_map(move |channel| (0..frame.height()).map(move |row| (channel, row)))
}

/// Returns channel, row and column of each pixel.
fn places(frame: Frame) -> impl Iterator<Item = [usize; 3]> {
    rows(frame).flat_map(move |(channel, row)| (0..frame.width()).map(move |column| [channel, row, column]))
}
