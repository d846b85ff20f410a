use std::ops::Range;
use std::sync::{PoisonError, RwLock};

use stepladder_kernels::{self as kernels, Frame, PackedWeights, Planes, Windows};

use super::{ImageReads, Operation, PlanesMut, Reads, Share, Size, Source, Training, ViewMut, Workspace};
use crate::TrainError;
use crate::alloc::zeros;
use crate::net::Window;

/// A convolution.
pub(in super::super) struct Conv {
    /// In and out.
    channels: [usize; 2],
    window: Window,
    groups: usize,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    packed: RwLock<Packed>,
}

/// The weights in the order that kernels read them, packed again for each step.
#[derive(Default)]
struct Packed {
    /// Of each group of channels.
    forward: Vec<PackedWeights>,
    /// For the gradient of the input; empty where it isn't needed.
    backward: Vec<PackedWeights>,
}

impl Conv {
    pub fn new(
        channels: [usize; 2],
        window: Window,
        groups: usize,
        weight: Range<usize>,
        bias: Option<Range<usize>>,
    ) -> Self {
        Self { channels, window, groups, weight, bias, packed: RwLock::default() }
    }

    fn windows(&self) -> Windows {
        let Window { stride, padding, dilation, .. } = self.window;
        Windows { stride, dilation, padding: padding as isize }
    }

    /// Returns the windows of the transposed convolution, from gradients of outputs to gradients of inputs; `None` if it is
    /// no convolution of stride 1 itself.
    fn windows_back(&self) -> Option<Windows> {
        let Window { kernel, stride, padding, dilation } = self.window;
        (stride == 1 && dilation == 1).then(|| Windows::dense(kernel as isize - 1 - padding as isize))
    }

    /// Whether each channel has a kernel of its own, which is read from the parameters as they are.
    fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.of_group() == [1, 1]
    }

    /// Returns the channels of a group, in and out.
    fn of_group(&self) -> [usize; 2] {
        self.channels.map(|channels| channels / self.groups)
    }
}

impl Operation for Conv {
    fn border(&self) -> usize {
        self.window.padding
    }

    fn gradient_border(&self) -> usize {
        self.windows_back().map_or(0, |windows| windows.padding.max(0) as usize)
    }

    fn reads_inputs_backward(&self) -> bool {
        true
    }

    fn has_parameters(&self) -> bool {
        true
    }

    fn shares(&self) -> Vec<Share> {
        let weight = Share { parameters: self.weight.clone(), source: Source::Groups(|own| &own.weights) };
        let bias = self.bias.clone();
        let bias = bias.map(|parameters| Share { parameters, source: Source::Groups(|own| &own.bias) });
        std::iter::once(weight).chain(bias).collect()
    }

    fn size(&self, training: Training) -> Size {
        let [from, to] = self.of_group();
        let packed = |from, to| {
            if self.is_depthwise() {
                return 0;
            }
            let length = PackedWeights::length(to, from, self.window.kernel);
            length.and_then(|length| length.checked_mul(self.groups)).unwrap_or(usize::MAX)
        };
        let parameters = self.weight.len() + self.bias.as_ref().map_or(0, Range::len);
        match training {
            Training::Off => Size { shared: packed(from, to), group: 0 },
            Training::Parameters => Size { shared: packed(from, to), group: parameters },
            Training::Inputs => Size { shared: packed(from, to) + packed(to, from), group: parameters },
        }
    }

    fn allocate(&mut self, training: Training) -> Result<(), TrainError> {
        if self.is_depthwise() {
            return Ok(());
        }
        let [from, to] = self.of_group();
        let bytes = 4 * self.weight.len();
        let new = |from, to| {
            let packed = PackedWeights::new(to, from, self.window.kernel);
            packed.ok_or(TrainError::Memory { bytes })
        };
        let has_backward = training == Training::Inputs;
        let mut packed = Packed { forward: list(self.groups)?, backward: list(self.groups)? };
        for _ in 0..self.groups {
            packed.forward.push(new(from, to)?);
            if has_backward {
                packed.backward.push(new(to, from)?);
            }
        }
        self.packed = RwLock::new(packed);
        Ok(())
    }

    fn workspace(&self) -> Result<Workspace, TrainError> {
        let weights = zeros(self.weight.len())?;
        let bias = zeros(self.bias.as_ref().map_or(0, Range::len))?;
        Ok(Workspace { weights, bias, ..Workspace::default() })
    }

    fn prepare(&self, parameters: &[f32], running: Option<&[f32]>) {
        let weights = parameters[self.weight.clone()].chunks_exact(self.weight.len() / self.groups);
        let mut packed = self.packed.write().unwrap_or_else(PoisonError::into_inner);
        for (forward, weights) in packed.forward.iter_mut().zip(weights.clone()) {
            forward.pack(weights);
        }
        if running.is_none() {
            for (backward, weights) in packed.backward.iter_mut().zip(weights) {
                backward.pack_transposed(weights);
            }
        }
    }

    fn forward(&self, reads: &Reads, to: ViewMut) {
        let (isa, input, windows) = (reads.pass.isa, reads.input(0), self.windows());
        let bias = self.bias.as_ref().map(|bias| &reads.pass.parameters[bias.clone()]);
        if self.is_depthwise() {
            let (weights, kernel) = (&reads.pass.parameters[self.weight.clone()], self.window.kernel);
            let from = (input.pixels, input.frame);
            kernels::depthwise(isa, from, windows, weights, kernel, false, bias, to.pixels, to.frame);
            return;
        }
        let packed = self.packed.read().unwrap_or_else(PoisonError::into_inner);
        let [ins, outs] = self.of_group();
        for (group, weights) in packed.forward.iter().enumerate() {
            let (in_frame, read) = input.frame.part(group * ins, ins);
            let (out_frame, written) = to.frame.part(group * outs, outs);
            let bias = bias.map(|bias| &bias[group * outs..][..outs]);
            let (from, to) = (&input.pixels[read], &mut to.pixels[written]);
            kernels::conv(isa, from, in_frame, windows, weights, bias, to, out_frame);
        }
    }

    fn multiply_adds(&self) -> usize {
        self.of_group()[0] * self.window.kernel * self.window.kernel
    }

    fn planes(&self, input: Planes, output: Frame) -> Planes {
        self.windows().planes(input, output)
    }

    fn scratch(&self, input: Frame, output: Frame) -> Result<usize, TrainError> {
        let (input, _) = input.part(0, self.of_group()[0]);
        let gathered = self.windows().gathered(input, self.window.kernel, output);
        let gathered = gathered.map_err(|_| TrainError::Memory { bytes: usize::MAX })?;
        Ok(gathered.map_or(0, |planes| planes.len()))
    }

    fn evaluate(&self, reads: &ImageReads, to: PlanesMut) {
        let (isa, input, windows) = (reads.pass.isa, reads.input(0), self.windows());
        let PlanesMut { registers, planes, scratch } = to;
        let (parameters, output) = (reads.pass.parameters, registers.as_flattened_mut());
        let bias = self.bias.as_ref().map(|bias| &parameters[bias.clone()]);
        if self.is_depthwise() {
            let (weights, kernel) = (&parameters[self.weight.clone()], self.window.kernel);
            let from = (input.values(), input.planes);
            kernels::plane_depthwise(isa, from, windows, weights, kernel, bias, scratch, output, planes);
            return;
        }
        let packed = self.packed.read().unwrap_or_else(PoisonError::into_inner);
        let [ins, outs] = self.of_group();
        for (group, weights) in packed.forward.iter().enumerate() {
            let (from, read) = input.planes.part(group * ins, ins);
            let (to, written) = planes.part(group * outs, outs);
            let bias = bias.map(|bias| &bias[group * outs..][..outs]);
            let (from, output) = ((&input.values()[read], from), &mut output[written]);
            kernels::plane_conv(isa, from, windows, weights, bias, scratch, output, to);
        }
    }

    fn parameter_gradients(&self, reads: &Reads, workspace: &mut Workspace) {
        let (isa, input, gradient) = (reads.pass.isa, reads.input(0), reads.gradient());
        let (windows, kernel) = (self.windows(), self.window.kernel);
        if self.bias.is_some() {
            kernels::conv_bias_gradient(isa, gradient.pixels, gradient.frame, &mut workspace.bias);
        }
        if self.is_depthwise() {
            let (from, back) = ((input.pixels, input.frame), (gradient.pixels, gradient.frame));
            kernels::depthwise_weight_gradient(isa, from, windows, back, kernel, &mut workspace.weights);
            return;
        }
        let [ins, outs] = self.of_group();
        let weights = workspace.weights.chunks_exact_mut(self.weight.len() / self.groups);
        for (group, weights) in weights.enumerate() {
            let (in_frame, read) = input.frame.part(group * ins, ins);
            let (out_frame, back) = gradient.frame.part(group * outs, outs);
            let (from, back) = (&input.pixels[read], &gradient.pixels[back]);
            kernels::conv_weight_gradient(isa, from, in_frame, windows, back, out_frame, kernel, weights);
        }
    }

    fn input_gradient(&self, reads: &Reads, _input: usize, to: ViewMut) {
        let (isa, gradient) = (reads.pass.isa, reads.gradient());
        if self.is_depthwise() {
            let (weights, kernel) = (&reads.pass.parameters[self.weight.clone()], self.window.kernel);
            let from = (gradient.pixels, gradient.frame);
            match self.windows_back() {
                Some(windows) => {
                    kernels::depthwise(isa, from, windows, weights, kernel, true, None, to.pixels, to.frame);
                }
                None => kernels::depthwise_input_gradient(
                    isa,
                    from,
                    self.windows(),
                    weights,
                    kernel,
                    to.pixels,
                    to.frame,
                ),
            }
            return;
        }
        let packed = self.packed.read().unwrap_or_else(PoisonError::into_inner);
        let [ins, outs] = self.of_group();
        for (group, weights) in packed.backward.iter().enumerate() {
            let (out_frame, read) = gradient.frame.part(group * outs, outs);
            let (in_frame, written) = to.frame.part(group * ins, ins);
            let (from, to) = (&gradient.pixels[read], &mut to.pixels[written]);
            match self.windows_back() {
                Some(windows) => kernels::conv(isa, from, out_frame, windows, weights, None, to, in_frame),
                None => {
                    kernels::conv_input_gradient(isa, from, out_frame, self.windows(), weights, to, in_frame);
                }
            }
        }
    }
}

/// Allocates an empty list for `count` values.
fn list<Value>(count: usize) -> Result<Vec<Value>, TrainError> {
    let mut list = vec![];
    let bytes = count.saturating_mul(size_of::<Value>());
    list.try_reserve_exact(count).map_err(|_| TrainError::Memory { bytes })?;
    Ok(list)
}
