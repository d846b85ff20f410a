use std::mem::take;

use stepladder_kernels::{Isa, LANES, LaneBits, Lanes, Pixels};

use super::lower::{Part, Place, Program};
use super::ops::{Pass, Reads, ViewMut, Workspace};
use crate::TrainError;
use crate::alloc::{filled, pixels, zeros};
use crate::data::{Augmentation, Batch, Preparing};
use crate::metric::{BatchLoss, argmax};
use crate::net::ValueId;

/// The buffers of 16 images; one thread at a time works on them.
pub(super) struct Group {
    /// How many lanes hold images.
    pub images: usize,
    /// The index of each image in its set.
    samples: [u32; LANES],
    /// The images one by one, as they are put into lanes.
    prepared: Vec<f32>,
    preparing: Preparing,
    /// Those of [`Program::buffers`].
    buffers: Vec<Pixels>,
    /// Of each stage, the lanes of each value whose gradient passes; empty where a stage marks none.
    passing: Vec<Vec<LaneBits>>,
    /// Of each stage; empty for evaluation alone.
    pub workspaces: Vec<Workspace>,
    /// Sum of the losses, and number of correct predictions.
    pub loss: f64,
    pub correct: usize,
}

impl Group {
    /// Allocates the buffers of 16 images, which batches may augment as `augmentation` says.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn new(program: &Program, isa: Isa, augmentation: Option<&Augmentation>) -> Result<Self, TrainError> {
        let frame = program.place(ValueId::IMAGES).frame;
        let buffers = program.buffers.iter().map(|&count| pixels(count));
        let passing = program.stages.iter().map(|stage| filled(program.marked_values(stage), 0));
        let trained: &[_] = if program.segments.is_empty() { &[] } else { &program.stages };
        Ok(Self {
            images: 0,
            samples: [0; LANES],
            prepared: zeros(LANES * frame.inner().len())?,
            preparing: Preparing::new(isa, [frame.channels(), frame.height()], augmentation)?,
            buffers: buffers.collect::<Result<_, _>>()?,
            passing: passing.collect::<Result<_, _>>()?,
            workspaces: trained.iter().map(|stage| stage.kind.op().workspace()).collect::<Result<_, _>>()?,
            loss: 0.0,
            correct: 0,
        })
    }

    /// Returns the bytes of its buffers.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let buffers = self.buffers.iter().map(|buffer| size_of_val(&**buffer)).sum::<usize>();
        let workspaces =
            self.workspaces.iter().map(|Workspace { statistics, sums, weights, bias, range: _ }| {
                size_of_val(&**statistics)
                    + size_of_val(&**sums)
                    + size_of_val(&**weights)
                    + size_of_val(&**bias)
            });
        let passing = self.passing.iter().map(|bits| size_of_val(&**bits).next_multiple_of(size_of::<f32>()));
        buffers + workspaces.sum::<usize>() + passing.sum::<usize>() + size_of_val(&*self.prepared)
    }

    /// Puts images of a batch into lanes, the `place`-th 16 of them. Lanes without an image get the first one: unlike zeros, it
    /// stays finite behind norms that divide by a tiny deviation, and sums over images multiply these lanes by 0.
    pub fn load(&mut self, pass: &Pass, batch: &Batch, place: usize) {
        let Place { buffer, frame } = pass.program.place(ValueId::IMAGES);
        let first = place * LANES;
        self.images = (batch.len() - first).min(LANES);
        self.samples[..self.images].copy_from_slice(&batch.samples()[first..][..self.images]);
        let length = frame.inner().len();
        batch.prepare(first, &mut self.preparing, &mut self.prepared[..self.images * length]);
        let width = frame.width();
        for channel in 0..frame.channels() {
            for row in 0..frame.height() {
                let from = (channel * frame.height() + row) * width;
                let to = &mut self.buffers[buffer][frame.at(channel, row, 0)..][..width];
                for (column, to) in to.iter_mut().enumerate() {
                    *to = [self.prepared[from + column]; LANES];
                    for (lane, to) in to.iter_mut().enumerate().take(self.images) {
                        *to = self.prepared[lane * length + from + column];
                    }
                }
            }
        }
    }

    /// Runs a part of a training pass over the `place`-th 16 images of a batch.
    pub fn run(&mut self, part: Part, pass: &Pass, batch: &Batch, place: usize, loss: &BatchLoss) {
        let Self { buffers, passing, workspaces, images, samples, .. } = self;
        let stage = |index: usize| &pass.program.stages[index];
        let reads = |index: usize| {
            let passing = &passing[index];
            Reads { pass, stage: stage(index), buffers, passing, images: *images, samples }
        };
        match part {
            Part::Load => self.load(pass, batch, place),
            Part::Forward(i) => self.forward_in_training(pass, i),
            Part::Loss => self.compute_loss(pass, batch, place, loss),
            Part::Measure(i) => stage(i).kind.op().measure(&reads(i), &mut workspaces[i]),
            Part::Sum(i) => stage(i).kind.op().sum(&reads(i), &mut workspaces[i]),
            Part::Parameters(i) => stage(i).kind.op().parameter_gradients(&reads(i), &mut workspaces[i]),
            Part::Gradient { stage: i, input, is_term } => {
                let value = stage(i).inputs[input];
                let gradient = pass.program.gradient(value);
                let to = if is_term { pass.program.addend(value) } else { gradient };
                self.write(pass, i, to, |reads, to| reads.stage.kind.op().input_gradient(reads, input, to));
                if is_term {
                    self.add(to, gradient);
                }
            }
        }
    }

    /// Computes a stage's output.
    pub fn forward(&mut self, pass: &Pass, stage: usize) {
        let to = pass.program.place(pass.program.stages[stage].output);
        self.write(pass, stage, to, |reads, to| reads.stage.kind.op().forward(reads, to));
    }

    /// Computes a stage's output, and marks which gradients pass where it has a backward pass.
    fn forward_in_training(&mut self, pass: &Pass, stage: usize) {
        let mut passing = take(&mut self.passing[stage]);
        if passing.is_empty() {
            self.forward(pass, stage);
        } else {
            let to = pass.program.place(pass.program.stages[stage].output);
            self.write(pass, stage, to, |reads, to| {
                reads.stage.kind.op().forward_marking(reads, to, &mut passing);
            });
        }
        self.passing[stage] = passing;
    }

    /// Lets an operation write a buffer while it reads others.
    fn write(&mut self, pass: &Pass, index: usize, to: Place, operation: impl FnOnce(&Reads, ViewMut)) {
        let mut pixels = take(&mut self.buffers[to.buffer]);
        let stage = &pass.program.stages[index];
        let (buffers, passing) = (&self.buffers, &self.passing[index]);
        let reads = Reads { pass, stage, buffers, passing, images: self.images, samples: &self.samples };
        operation(&reads, ViewMut { pixels: &mut pixels, frame: to.frame });
        self.buffers[to.buffer] = pixels;
    }

    /// Adds a term to a gradient; both have the same frame.
    fn add(&mut self, term: Place, gradient: Place) {
        let pixels = gradient.frame.len();
        let Ok([term, sum]) = self.buffers.get_disjoint_mut([term.buffer, gradient.buffer]) else { return };
        for (sum, term) in sum[..pixels].as_flattened_mut().iter_mut().zip(term[..pixels].as_flattened()) {
            *sum += term;
        }
    }

    /// Returns the logits, one pixel per class.
    pub fn logits(&self, program: &Program) -> &[Lanes] {
        let Place { buffer, frame } = program.place(program.output);
        &self.buffers[buffer][..frame.len()]
    }

    /// Computes loss, correct predictions and the gradient of the logits.
    fn compute_loss(&mut self, pass: &Pass, batch: &Batch, place: usize, loss: &BatchLoss) {
        let Place { buffer, frame } = pass.program.gradient(pass.program.output);
        let mut gradient = take(&mut self.buffers[buffer]);
        let logits = self.logits(pass.program);
        // In memory order, which a flattening at the end does not change.
        let place_of = |class: usize| {
            let (row, column) = (class / frame.width(), class % frame.width());
            frame.at(row / frame.height(), row % frame.height(), column)
        };
        let classes = logits.len();
        (0..classes).for_each(|class| gradient[place_of(class)] = [0.0; LANES]);
        let (mut loss_sum, mut correct) = (0.0, 0);
        let (mut row, mut slopes) = (vec![0.0; classes], vec![0.0; classes]);
        for lane in 0..self.images {
            for (value, logits) in row.iter_mut().zip(logits) {
                *value = logits[lane];
            }
            let target = batch.target(place * LANES + lane);
            correct += usize::from(argmax(&row) == usize::from(target.label()));
            loss_sum += loss.of_image(&row, &target, &mut slopes);
            for (class, slope) in slopes.iter().enumerate() {
                gradient[place_of(class)][lane] = (slope / loss.divisor) as f32;
            }
        }
        self.buffers[buffer] = gradient;
        (self.loss, self.correct) = (loss_sum, correct);
    }
}
