use stepladder_kernels::Frame;

use super::{Operation, Reads, View, ViewMut};

/// The same numbers in another frame: with a border where another reader of them needs one, or flattened.
pub(in super::super) struct Copy;

impl Operation for Copy {
    fn forward(&self, reads: &Reads, to: ViewMut) {
        copy(reads.input(0), to);
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        copy(reads.gradient(), to);
    }
}

/// Copies the same numbers, in the same order, into another frame.
pub(super) fn copy(from: View, to: ViewMut) {
    let rows = |frame: Frame| {
        (0..frame.channels()).flat_map(move |channel| (0..frame.height()).map(move |row| (channel, row)))
    };
    if from.frame.inner() == to.frame.inner() {
        let width = to.frame.width();
        for (channel, row) in rows(to.frame) {
            let from = &from.pixels[from.frame.at(channel, row, 0)..][..width];
            to.pixels[to.frame.at(channel, row, 0)..][..width].copy_from_slice(from);
        }
        return;
    }
    let places = |frame: Frame| {
        rows(frame).flat_map(move |(channel, row)| {
            (0..frame.width()).map(move |column| frame.at(channel, row, column))
        })
    };
    for (from_place, to_place) in places(from.frame).zip(places(to.frame)) {
        to.pixels[to_place] = from.pixels[from_place];
    }
}
