use std::mem::swap;

use stepladder_kernels as kernels;
use stepladder_kernels::{
    Activated, Activation, Frame, Gradient, GradientSums, Isa, LANES, Lanes, Statistics,
};

use super::stage::{Conv, Dropout, Kind, Stage};
use crate::TrainError;
use crate::alloc::{filled, zeros};
use crate::data::{Batch, Preparing};
use crate::metric::{argmax, cross_entropy};
use crate::random::{Stream, drop_threshold};

/// The buffers of 16 images; one thread at a time works on them.
pub(super) struct Group {
    /// How many lanes hold images.
    pub images: usize,
    /// The index of each image in its set.
    samples: [u32; LANES],
    /// The images one by one, as they are put into lanes.
    prepared: Vec<f32>,
    preparing: Preparing,
    /// The first stage's input.
    input: Vec<Lanes>,
    /// The buffers of each stage.
    pub stages: Vec<Workspace>,
    /// The gradient of the current stage's output, without a border, and a buffer for the next.
    gradient: Vec<Lanes>,
    other_gradient: Vec<Lanes>,
    /// Sum of the losses, and number of correct predictions.
    pub loss: f64,
    pub correct: usize,
}

/// A group's buffers of a stage; those that its kind doesn't need are empty.
pub(super) struct Workspace {
    /// Its output.
    pub output: Vec<Lanes>,
    /// Of a convolution: the gradient of its output, with its border, and the part of it that depends on the input.
    gradient: Vec<Lanes>,
    cropped: Vec<Lanes>,
    /// Of a norm.
    pub statistics: Vec<Statistics>,
    pub sums: Vec<GradientSums>,
    /// This group's share of the gradients of a convolution's weights and bias.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Inputs that all groups share in a pass.
pub(super) struct Pass<'a> {
    pub isa: Isa,
    pub stages: &'a [Stage],
    pub parameters: &'a [f32],
    pub batch: &'a Batch<'a>,
    /// The stream of the epoch in training; `None` in evaluation, where no activation is dropped.
    pub dropout: Option<Stream>,
}

impl Group {
    /// Allocates the buffers of 16 images, with those for training or without.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn new(stages: &[Stage], training: bool, isa: Isa) -> Result<Self, TrainError> {
        let input = stages[0].input;
        let frames = stages.iter().flat_map(|stage| [stage.input, stage.output]);
        let largest = frames.map(|frame| frame.inner().len()).max().unwrap_or(0);
        let gradient = || lanes(if training { largest } else { 0 });
        Ok(Self {
            images: 0,
            samples: [0; LANES],
            prepared: zeros(LANES * input.inner().len())?,
            preparing: Preparing::new(isa, input.height()),
            input: lanes(input.len())?,
            stages: stages.iter().map(|stage| Workspace::new(stage, training)).collect::<Result<_, _>>()?,
            gradient: gradient()?,
            other_gradient: gradient()?,
            loss: 0.0,
            correct: 0,
        })
    }

    /// Returns the bytes of its large buffers.
    pub fn bytes(&self) -> usize {
        let own = size_of_val(&*self.prepared)
            + size_of_val(&*self.input)
            + size_of_val(&*self.gradient)
            + size_of_val(&*self.other_gradient);
        own + self.stages.iter().map(Workspace::bytes).sum::<usize>()
    }

    /// Puts images of a batch into lanes, the `place`-th 16 of them; lanes without an image are zero.
    pub fn load(&mut self, batch: &Batch, place: usize, frame: Frame) {
        let first = place * LANES;
        self.images = (batch.len() - first).min(LANES);
        self.samples[..self.images].copy_from_slice(&batch.samples()[first..][..self.images]);
        let length = frame.inner().len();
        for (lane, image) in self.prepared.chunks_exact_mut(length).enumerate().take(self.images) {
            batch.image(first + lane, &mut self.preparing, image);
        }
        let width = frame.width();
        for channel in 0..frame.channels() {
            for row in 0..frame.height() {
                let from = (channel * frame.height() + row) * width;
                let to = &mut self.input[frame.at(channel, row, 0)..][..width];
                for (column, to) in to.iter_mut().enumerate() {
                    *to = [0.0; LANES];
                    for (lane, to) in to.iter_mut().enumerate().take(self.images) {
                        *to = self.prepared[lane * length + from + column];
                    }
                }
            }
        }
    }

    /// Computes the statistics of a norm's input.
    pub fn measure(&mut self, pass: &Pass, place: usize) {
        let (read, workspace) = at(&self.input, &mut self.stages, place);
        let frame = pass.stages[place].input;
        kernels::channel_statistics(pass.isa, read, frame, self.images, &mut workspace.statistics);
    }

    /// Computes a stage's output from the output of the one before it.
    pub fn forward(&mut self, pass: &Pass, place: usize) {
        let &Pass { isa, stages, parameters, dropout, .. } = pass;
        let stage = &stages[place];
        let (read, workspace) = at(&self.input, &mut self.stages, place);
        let (from, made, output) = (stage.input, &mut workspace.output, stage.output);
        match &stage.kind {
            Kind::Conv(conv) => {
                let bias = conv.bias.as_ref().map(|bias| &parameters[bias.range.clone()]);
                kernels::conv(isa, read, from, &conv.packed().forward, bias, made, output);
            }
            Kind::Activate { norm, dropout: drop, .. } => {
                let state = norm.as_ref().map(|norm| norm.state());
                let norm = state.as_ref().map(|state| state.scaling());
                let dropout = dropout.zip(*drop).map(|(stream, drop)| drop.of(stream, &self.samples));
                let activation = Activation { norm, dropout: dropout.as_ref() };
                kernels::activate(isa, read, activation, made, output);
            }
            Kind::Normalise { norm, .. } => kernels::scale(isa, read, norm.state().scaling(), made, output),
            Kind::Dropout(drop) => match dropout {
                Some(stream) => {
                    kernels::drop_out(isa, read, &drop.of(stream, &self.samples), made, output);
                }
                None => copy(read, from, made, output),
            },
            Kind::MaxPool { kernel } => kernels::max_pool(isa, read, from, *kernel, made, output),
            Kind::AveragePool { kernel } => kernels::average_pool(isa, read, from, *kernel, made, output),
            Kind::Copy => copy(read, from, made, output),
        }
    }

    /// Computes loss, correct predictions and the gradient of the logits.
    pub fn compute_loss(&mut self, pass: &Pass, place: usize, smoothing: f64) {
        let &Pass { stages, batch, .. } = pass;
        let Some((stage, workspace)) = stages.last().zip(self.stages.last_mut()) else { return };
        let (logits, made) = (&workspace.output, stage.output);
        let (gradient, frame) = match stage.conv() {
            Some(conv) => (&mut workspace.gradient, conv.gradient),
            None => (&mut self.gradient, made),
        };
        // In memory order, which a flattening at the end does not change.
        let place_of = |class: usize| {
            let (row, column) = (class / made.width(), class % made.width());
            frame.at(row / made.height(), row % made.height(), column)
        };
        let classes = made.len();
        (0..classes).for_each(|class| gradient[place_of(class)] = [0.0; LANES]);
        (self.loss, self.correct) = (0.0, 0);
        let mut row = vec![0.0; classes];
        for (lane, &label) in batch.labels()[place * LANES..][..self.images].iter().enumerate() {
            for (value, logits) in row.iter_mut().zip(logits) {
                *value = logits[lane];
            }
            let label = usize::from(label);
            self.correct += usize::from(argmax(&row) == label);
            self.loss += cross_entropy(&row, label, smoothing, |class, slope| {
                gradient[place_of(class)][lane] = (slope / batch.len() as f64) as f32;
            });
        }
    }

    /// Computes the sums that a norm's gradient needs.
    pub fn sum(&mut self, pass: &Pass, place: usize) {
        let stage = &pass.stages[place];
        let Some(norm) = stage.norm() else { return };
        let (before, here) = self.stages.split_at_mut(place);
        let (workspace, after) = here.split_at_mut(1);
        let read = before.last().map_or(&self.input, |workspace| &workspace.output);
        let Workspace { output, sums, .. } = &mut workspace[0];
        let gradient = gradient(pass.stages, place, after, &self.gradient);
        let activated = activated(stage, read, output, gradient, self.images);
        kernels::gradient_sums(pass.isa, activated, norm.state().norm(), sums);
    }

    /// Computes the gradients of a stage's weights and input from the gradient of its output.
    pub fn backward(&mut self, pass: &Pass, place: usize) {
        let &Pass { isa, stages, dropout, .. } = pass;
        let stage = &stages[place];
        let (before, here) = self.stages.split_at_mut(place);
        let (workspace, after) = here.split_at_mut(1);
        let workspace = &mut workspace[0];
        if let Kind::Conv(conv) = &stage.kind {
            let read = before.last().map_or(&self.input, |workspace| &workspace.output);
            return workspace.conv_backward(isa, conv, read, stage.input, &mut self.gradient);
        }
        if place == 0 {
            return; // the gradient of images is not needed
        }
        if let (Kind::MaxPool { .. }, Kind::Activate { pooled: true, .. }) =
            (&stage.kind, &stages[place - 1].kind)
        {
            return; // the stage before reads the pool's gradient
        }
        let read = stage.input;
        let Workspace { output: before_output, gradient: before_gradient, .. } = &mut before[place - 1];
        let before_conv = stages[place - 1].conv();
        let (to, to_frame) = match before_conv {
            Some(conv) => (before_gradient, conv.gradient),
            None => (&mut self.other_gradient, read.inner()),
        };
        let (gradient, made) = (&self.gradient, stage.output.inner());
        let of_activated = self::gradient(stages, place, after, gradient);
        match &stage.kind {
            Kind::Activate { norm, .. } => {
                let state = norm.as_ref().map(|norm| norm.state());
                let norm = state.as_ref().map(|state| state.gradient());
                let activated = activated(stage, before_output, &workspace.output, of_activated, self.images);
                kernels::activation_gradient(isa, activated, norm, to, to_frame);
            }
            Kind::Normalise { norm, .. } => {
                let activated = activated(stage, before_output, &workspace.output, of_activated, self.images);
                kernels::activation_gradient(isa, activated, Some(norm.state().gradient()), to, to_frame);
            }
            Kind::Dropout(drop) => match dropout {
                Some(stream) => {
                    kernels::drop_out(isa, gradient, &drop.of(stream, &self.samples), to, to_frame);
                }
                None => copy(gradient, made, to, to_frame),
            },
            Kind::MaxPool { kernel } => {
                kernels::max_pool_gradient(isa, before_output, read, *kernel, gradient, made, to);
            }
            Kind::AveragePool { kernel } => {
                kernels::average_pool_gradient(isa, read, *kernel, gradient, made, to);
            }
            Kind::Copy => copy(gradient, made, to, to_frame),
            Kind::Conv(_) => {}
        }
        if before_conv.is_none() {
            swap(&mut self.gradient, &mut self.other_gradient);
        }
    }
}

impl Workspace {
    fn bytes(&self) -> usize {
        size_of_val(&*self.output)
            + size_of_val(&*self.gradient)
            + size_of_val(&*self.cropped)
            + size_of_val(&*self.statistics)
            + size_of_val(&*self.sums)
            + size_of_val(&*self.weights)
            + size_of_val(&*self.bias)
    }

    fn new(stage: &Stage, training: bool) -> Result<Self, TrainError> {
        let conv = stage.conv().filter(|_| training);
        let norm = stage.norm().filter(|_| training).map_or(0, |norm| norm.channels());
        let in_frame = |frame: Option<Frame>| lanes(frame.map_or(0, |frame| frame.len()));
        Ok(Self {
            output: lanes(stage.output.len())?,
            gradient: in_frame(conv.map(|conv| conv.gradient))?,
            cropped: in_frame(conv.and_then(|conv| conv.cropped))?,
            statistics: filled(norm, Statistics::default())?,
            sums: filled(norm, GradientSums::default())?,
            weights: zeros(conv.map_or(0, |conv| conv.weight.range.len()))?,
            bias: zeros(conv.and_then(|conv| conv.bias.as_ref()).map_or(0, |bias| bias.range.len()))?,
        })
    }

    fn conv_backward(
        &mut self,
        isa: Isa,
        conv: &Conv,
        read: &[Lanes],
        from: Frame,
        input_gradient: &mut [Lanes],
    ) {
        let (gradient, frame) = (&self.gradient, conv.gradient);
        kernels::conv_weight_gradient(isa, read, from, gradient, frame, conv.kernel, &mut self.weights);
        if conv.bias.is_some() {
            kernels::conv_bias_gradient(isa, gradient, frame, &mut self.bias);
        }
        let packed = conv.packed();
        let Some(backward) = &packed.backward else { return };
        let (gradient, frame) = match conv.cropped {
            Some(cropped) => {
                let beyond = (frame.height() - cropped.height()) / 2;
                for channel in 0..cropped.channels() {
                    for row in 0..cropped.height() {
                        let from =
                            &self.gradient[frame.at(channel, row + beyond, beyond)..][..cropped.width()];
                        self.cropped[cropped.at(channel, row, 0)..][..cropped.width()].copy_from_slice(from);
                    }
                }
                (&self.cropped, cropped)
            }
            None => (gradient, frame),
        };
        kernels::conv(isa, gradient, frame, backward, None, input_gradient, from.inner());
    }
}

impl Dropout {
    /// Returns the masks of a group's images.
    fn of(self, stream: Stream, samples: &[u32; LANES]) -> kernels::Dropout {
        let mut keys = [[0; LANES]; 2];
        for (lane, &sample) in samples.iter().enumerate() {
            [keys[0][lane], keys[1][lane]] = stream.at(u64::from(sample)).at(self.index as u64).mask_key();
        }
        kernels::Dropout { keys, threshold: drop_threshold(self.probability), kept: self.kept() }
    }

    fn kept(self) -> f32 {
        (1.0 / (1.0 - self.probability)) as f32
    }
}

/// Returns a stage's input, and its workspace.
fn at<'a>(input: &'a [Lanes], stages: &'a mut [Workspace], place: usize) -> (&'a [Lanes], &'a mut Workspace) {
    let (before, here) = stages.split_at_mut(place);
    (before.last().map_or(input, |workspace| &workspace.output), &mut here[0])
}

/// Returns the gradient of a stage's output: `current`, or through the pool that follows it.
fn gradient<'a>(
    stages: &[Stage],
    place: usize,
    after: &'a [Workspace],
    current: &'a [Lanes],
) -> Gradient<'a> {
    match stages[place].kind {
        Kind::Activate { pooled: true, .. } => {
            let (largest, frame) = (&after[0].output, stages[place + 1].output);
            Gradient::Pooled { largest, frame, gradient: current }
        }
        _ => Gradient::Plain(current),
    }
}

/// Returns the inputs for the gradient of a norm, a ReLU or both.
fn activated<'a>(
    stage: &'a Stage,
    values: &'a [Lanes],
    output: &'a [Lanes],
    gradient: Gradient<'a>,
    images: usize,
) -> Activated<'a> {
    let (activated, frame, kept) = match &stage.kind {
        Kind::Activate { dropout, .. } => (output, stage.output, dropout.map_or(1.0, Dropout::kept)),
        Kind::Normalise { ones, .. } => (ones.as_slice(), stage.output.inner(), 1.0),
        _ => (output, stage.output, 1.0),
    };
    Activated { values, activated, frame, gradient, kept, images }
}

/// Copies the same numbers, in the same order, into another frame.
fn copy(from: &[Lanes], from_frame: Frame, to: &mut [Lanes], to_frame: Frame) {
    let rows = |frame: Frame| {
        (0..frame.channels())
            .flat_map(move |channel| (0..frame.height()).map(move |row| (channel, row)))
            .flat_map(move |(channel, row)| {
                (0..frame.width()).map(move |column| frame.at(channel, row, column))
            })
    };
    for (from_place, to_place) in rows(from_frame).zip(rows(to_frame)) {
        to[to_place] = from[from_place];
    }
}

fn lanes(count: usize) -> Result<Vec<Lanes>, TrainError> {
    filled(count, [0.0; LANES])
}
