use rayon::prelude::*;
use stepladder_kernels as kernels;
use stepladder_kernels::{
    Activated, Activation, Frame, GradientSums, Isa, LANES, Lanes, NormGradient, PackedWeights, Scaling,
    Statistics,
};
use tch::{Device, Tensor};

use super::{Engine, EngineName, NORM_EPSILON, NORM_MOMENTUM};
use crate::TrainError;
use crate::data::Batch;
use crate::metric::{Score, argmax};
use crate::net::{Op, Plan, Weights, slice, slice_mut};
use crate::random::{Stream, drop_threshold};

/// The CPU engine: SIMD kernels over the memory of libtorch's tensors, forward and backward, without a graph.
///
/// A batch is a list of groups of 16 images, the last perhaps part empty. Threads take groups; what needs the whole
/// batch (a norm's statistics, the gradients of weights) is summed group by group in their order. So a run gives the
/// same bits for any number of threads and on any CPU.
pub struct Fused {
    isa: Isa,
    pool: Option<rayon::ThreadPool>,
    label_smoothing: f64,
    classes: usize,
    stages: Vec<Stage>,
    groups: Vec<Group>,
    gradients: Vec<Tensor>,
    /// What groups do between two places where they wait for each other.
    forward: Vec<Vec<Part>>,
    backward: Vec<Vec<Part>>,
}

/// A convolution with all that follows it in its block, or a pool.
struct Stage {
    /// What it reads: the activations of the stage before, with the border that its padding asks for.
    input: Frame,
    /// What it makes, with the border that the next stage asks for.
    output: Frame,
    kind: Kind,
}

enum Kind {
    Conv(Box<Conv>),
    MaxPool { kernel: usize },
    AveragePool { kernel: usize },
}

struct Conv {
    weight: usize,
    bias: Option<usize>,
    kernel: usize,
    /// Copies of the weights, made anew for each step.
    bias_values: Vec<f32>,
    packed: PackedWeights,
    /// For the gradient of the input; the first convolution needs none.
    transposed: Option<PackedWeights>,
    /// The gradient of what it makes, with the border that the gradient of its input asks for.
    gradient: Frame,
    /// ReLU, with or without a norm and a dropout; nothing after a bare convolution.
    tail: Option<Tail>,
}

struct Tail {
    norm: Option<NormState>,
    dropout: Option<(f64, usize)>,
}

/// A norm, and what it works out for a batch; each list is `[channels]`.
struct NormState {
    weight: usize,
    bias: usize,
    statistics: usize,
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    mean_gradient: Vec<f32>,
    mean_product: Vec<f32>,
}

/// Everything of 16 images: one thread at a time works on it.
struct Group {
    images: usize,
    /// Where each image stands in the training set.
    samples: [u32; LANES],
    /// The input, then what each stage makes.
    activations: Vec<Vec<Lanes>>,
    /// What each convolution with a tail makes before it.
    values: Vec<Vec<Lanes>>,
    /// The gradient of what each convolution makes.
    value_gradients: Vec<Vec<Lanes>>,
    /// The gradient of the activations at hand, and room for the next.
    gradient: Vec<Lanes>,
    other_gradient: Vec<Lanes>,
    /// Of each stage's norm.
    statistics: Vec<Vec<Statistics>>,
    sums: Vec<Vec<GradientSums>>,
    /// This group's part in the gradient of each parameter.
    parameters: Vec<Vec<f32>>,
    loss: f64,
    correct: usize,
}

/// What a group does on its own, by the place of a stage.
#[derive(Clone, Copy)]
enum Part {
    /// The convolution with its norm's statistics, or the pool.
    Compute(usize),
    /// Norm, ReLU and dropout.
    Activate(usize),
    /// The sums that the gradient of a norm needs.
    Sum(usize),
    /// The gradients of a stage's weights and input.
    Return(usize),
}

impl Fused {
    /// An engine for a plan, or what the plan has that this engine lacks.
    ///
    /// # Errors
    ///
    /// A phrase for a person, such as "blocks in another order than conv, norm, relu, dropout".
    pub fn new(plan: &Plan, label_smoothing: f64, threads: usize, isa: Isa) -> Result<Self, String> {
        let stages = stages(plan)?;
        let pool = (threads > 1)
            .then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build())
            .transpose()
            .map_err(|error| format!("so many threads ({error})"))?;
        let gradients = plan
            .parameters
            .iter()
            .map(|parameter| Tensor::zeros(parameter.sizes(), (tch::Kind::Float, Device::Cpu)))
            .collect();
        let classes = stages.last().map_or(0, |stage| stage.output.len());
        let (forward, backward) = (forward_segments(&stages), backward_segments(&stages));
        let groups = vec![];
        Ok(Self { isa, pool, label_smoothing, classes, stages, groups, gradients, forward, backward })
    }

    /// Makes sure of enough groups, and tells each which images it has.
    fn prepare(&mut self, count: usize, samples: Option<&[u32]>) -> usize {
        let groups = count.div_ceil(LANES);
        while self.groups.len() < groups {
            self.groups.push(Group::new(&self.stages, &self.gradients));
        }
        for (g, group) in self.groups[..groups].iter_mut().enumerate() {
            group.images = (count - g * LANES).min(LANES);
            if let Some(samples) = samples {
                group.samples[..group.images].copy_from_slice(&samples[g * LANES..][..group.images]);
            }
        }
        groups
    }

    /// [`Engine::learn`], on the threads of the pool that it is called in.
    fn learn_here(&mut self, weights: &mut Weights, batch: &Batch, dropout: Stream) -> Score {
        let count = batch.labels.len();
        let groups = self.prepare(count, Some(&batch.samples));
        self.pack(weights, true);
        let Self { isa, stages, gradients, label_smoothing, classes, forward, backward, .. } = self;
        let (isa, groups) = (*isa, &mut self.groups[..groups]);

        each(groups, |g, group| group.load(g, &batch.images, stages[0].input));
        for segment in &*forward {
            each(groups, |_, group| group.run(segment, isa, stages, dropout));
            if let Some(&Part::Compute(i)) = segment.last() {
                stages[i].combine_statistics(i, groups, weights);
            }
        }

        each(groups, |g, group| {
            group.judge(&batch.labels[g * LANES..][..group.images], *classes, *label_smoothing, count);
        });
        for segment in &*backward {
            each(groups, |_, group| group.run(segment, isa, stages, dropout));
            if let Some(&Part::Sum(i)) = segment.last() {
                stages[i].combine_sums(i, groups, gradients);
            }
        }

        // Group by group in their order, whoever worked on them.
        for conv in stages.iter().filter_map(Stage::conv) {
            for parameter in std::iter::once(conv.weight).chain(conv.bias) {
                let sums = slice_mut(&mut gradients[parameter]);
                sums.fill(0.0);
                for group in &*groups {
                    for (sum, part) in sums.iter_mut().zip(&group.parameters[parameter]) {
                        *sum += part;
                    }
                }
            }
        }
        let mut score = Score { total: count, ..Score::default() };
        for group in groups {
            score.loss_sum += group.loss;
            score.correct += group.correct;
        }
        score
    }

    fn pack(&mut self, weights: &Weights, backward: bool) {
        for conv in self.stages.iter_mut().filter_map(Stage::conv_mut) {
            let weights_of = slice(&weights.parameters[conv.weight]);
            conv.packed.pack(weights_of);
            if let Some(bias) = conv.bias {
                conv.bias_values.copy_from_slice(slice(&weights.parameters[bias]));
            }
            if let (true, Some(transposed)) = (backward, &mut conv.transposed) {
                transposed.pack_transposed(weights_of);
            }
        }
    }
}

/// Does some work for every group, on all threads of the pool that it is called in; `work` is told the group's place.
fn each(groups: &mut [Group], work: impl Fn(usize, &mut Group) + Sync) {
    if rayon::current_thread_index().is_some() {
        groups.par_iter_mut().enumerate().with_max_len(1).for_each(|(g, group)| work(g, group));
    } else {
        groups.iter_mut().enumerate().for_each(|(g, group)| work(g, group));
    }
}

/// The parts of a forward pass; a norm in training ends a segment, since it waits for all groups.
fn forward_segments(stages: &[Stage]) -> Vec<Vec<Part>> {
    let mut segments = vec![vec![]];
    let mut segment = 0;
    for (i, stage) in stages.iter().enumerate() {
        segments[segment].push(Part::Compute(i));
        if stage.norm().is_some() {
            segments.push(vec![]);
            segment += 1;
        }
        if stage.tail().is_some() {
            segments[segment].push(Part::Activate(i));
        }
    }
    segments
}

/// The parts of a backward pass, likewise.
fn backward_segments(stages: &[Stage]) -> Vec<Vec<Part>> {
    let mut segments = vec![vec![]];
    let mut segment = 0;
    for (i, stage) in stages.iter().enumerate().rev() {
        if stage.norm().is_some() {
            segments[segment].push(Part::Sum(i));
            segments.push(vec![]);
            segment += 1;
        }
        segments[segment].push(Part::Return(i));
    }
    segments
}

impl Engine for Fused {
    fn name(&self) -> EngineName {
        EngineName::Fused
    }

    fn learn(&mut self, weights: &mut Weights, batch: &Batch, dropout: Stream) -> Result<Score, TrainError> {
        // The whole step runs in the pool: handing every segment over to it would wake it up sixteen times.
        let pool = self.pool.take();
        let score = match &pool {
            Some(pool) => pool.install(|| self.learn_here(weights, batch, dropout)),
            None => self.learn_here(weights, batch, dropout),
        };
        self.pool = pool;
        Ok(score)
    }

    fn gradients(&self) -> &[Tensor] {
        &self.gradients
    }

    fn logits(&mut self, weights: &Weights, images: &[f32]) -> Result<Vec<f32>, TrainError> {
        let input = self.stages[0].input;
        let pixels = input.channels * input.height * input.width;
        let groups = self.prepare(images.len() / pixels, None);
        self.pack(weights, false);
        for stage in &mut self.stages {
            stage.use_running_statistics(weights);
        }
        let Self { isa, pool, stages, classes, .. } = self;
        let (isa, groups) = (*isa, &mut self.groups[..groups]);
        let mut judge = || {
            each(groups, |g, group| {
                group.load(g, images, input);
                for (i, stage) in stages.iter().enumerate() {
                    group.compute(isa, i, stage);
                    group.activate(isa, i, stage, None);
                }
            });
        };
        match pool {
            Some(pool) => pool.install(judge),
            None => judge(),
        }
        let mut logits = Vec::with_capacity(images.len() / pixels * *classes);
        for group in groups {
            let outputs = &group.activations[stages.len()];
            let of_image = |lane| outputs[..*classes].iter().map(move |class: &Lanes| class[lane]);
            logits.extend((0..group.images).flat_map(of_image));
        }
        Ok(logits)
    }
}

impl Stage {
    fn conv(&self) -> Option<&Conv> {
        match &self.kind {
            Kind::Conv(conv) => Some(conv),
            _ => None,
        }
    }

    fn conv_mut(&mut self) -> Option<&mut Conv> {
        match &mut self.kind {
            Kind::Conv(conv) => Some(conv),
            _ => None,
        }
    }

    fn tail(&self) -> Option<&Tail> {
        self.conv()?.tail.as_ref()
    }

    fn norm(&self) -> Option<&NormState> {
        self.tail()?.norm.as_ref()
    }

    fn norm_mut(&mut self) -> Option<&mut NormState> {
        self.conv_mut()?.tail.as_mut()?.norm.as_mut()
    }

    /// Pixels of all images: how many values a channel's statistics are of.
    fn values_a_channel(&self, groups: &[Group]) -> f64 {
        let images: usize = groups.iter().map(|group| group.images).sum();
        (self.output.height * self.output.width * images) as f64
    }

    /// From the groups' statistics to the batch's (Chan, Golub and LeVeque 1979), and on to the running ones.
    fn combine_statistics(&mut self, place: usize, groups: &[Group], weights: &mut Weights) {
        let pixels = (self.output.height * self.output.width) as f64;
        let Some(norm) = self.norm_mut() else { return };
        let [running_mean, running_variance] = &mut weights.statistics[norm.statistics];
        let (running_mean, running_variance) = (slice_mut(running_mean), slice_mut(running_variance));
        for channel in 0..norm.mean.len() {
            let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for group in groups {
                let part = group.statistics[place][channel];
                let (values, distance) = (pixels * group.images as f64, f64::from(part.mean) - mean);
                let total = count + values;
                mean += distance * values / total;
                squares += f64::from(part.squares) + distance * distance * count * values / total;
                count = total;
            }
            norm.set(channel, mean, squares / count, weights.parameters.as_slice());
            if count > 1.0 {
                // One value a channel has no variance: running statistics are left as they are.
                let unbiased = squares / (count - 1.0);
                let blend = |old: &mut f32, new: f64| {
                    *old = (f64::from(*old) * (1.0 - NORM_MOMENTUM) + new * NORM_MOMENTUM) as f32;
                };
                blend(&mut running_mean[channel], mean);
                blend(&mut running_variance[channel], unbiased);
            }
        }
    }

    fn use_running_statistics(&mut self, weights: &Weights) {
        let Some(norm) = self.norm_mut() else { return };
        let [mean, variance] = &weights.statistics[norm.statistics];
        for (channel, (&mean, &variance)) in slice(mean).iter().zip(slice(variance)).enumerate() {
            norm.set(channel, f64::from(mean), f64::from(variance), &weights.parameters);
        }
    }

    /// From the groups' sums to the gradients of the norm's scale and shift, and what each value's gradient needs.
    fn combine_sums(&mut self, place: usize, groups: &[Group], gradients: &mut [Tensor]) {
        let values = self.values_a_channel(groups);
        let Some(norm) = self.norm_mut() else { return };
        for channel in 0..norm.mean.len() {
            let (mut gradient, mut product) = (0.0, 0.0);
            for group in groups {
                gradient += f64::from(group.sums[place][channel].gradient);
                product += f64::from(group.sums[place][channel].product);
            }
            slice_mut(&mut gradients[norm.weight])[channel] = product as f32;
            slice_mut(&mut gradients[norm.bias])[channel] = gradient as f32;
            norm.mean_gradient[channel] = (gradient / values) as f32;
            norm.mean_product[channel] = (product / values) as f32;
        }
    }
}

impl NormState {
    fn new(weight: usize, bias: usize, statistics: usize, channels: usize) -> Self {
        let list = || vec![0.0; channels];
        Self {
            weight,
            bias,
            statistics,
            mean: list(),
            inverse_deviation: list(),
            scale: list(),
            shift: list(),
            mean_gradient: list(),
            mean_product: list(),
        }
    }

    fn set(&mut self, channel: usize, mean: f64, variance: f64, parameters: &[Tensor]) {
        let inverse = 1.0 / (variance + NORM_EPSILON).sqrt();
        let weight = f64::from(slice(&parameters[self.weight])[channel]);
        let bias = f64::from(slice(&parameters[self.bias])[channel]);
        self.mean[channel] = mean as f32;
        self.inverse_deviation[channel] = inverse as f32;
        self.scale[channel] = (weight * inverse) as f32;
        self.shift[channel] = (bias - mean * weight * inverse) as f32;
    }

    fn kernel(&self) -> kernels::Norm<'_> {
        kernels::Norm { mean: &self.mean, inverse_deviation: &self.inverse_deviation }
    }
}

impl Group {
    fn new(stages: &[Stage], gradients: &[Tensor]) -> Self {
        let room = |frame: Frame| vec![[0.0; LANES]; frame.len()];
        let largest = stages.iter().map(|stage| stage.input.len().max(stage.output.len())).max().unwrap_or(0);
        let without_border = |stage: &Stage| Frame { border: 0, ..stage.output };
        let of_norms = |stage: &Stage| stage.norm().map_or(0, |norm| norm.mean.len());
        Self {
            images: 0,
            samples: [0; LANES],
            activations: std::iter::once(stages[0].input)
                .chain(stages.iter().map(|stage| stage.output))
                .map(room)
                .collect(),
            values: stages
                .iter()
                .map(|stage| stage.tail().map_or(vec![], |_| room(without_border(stage))))
                .collect(),
            value_gradients: stages
                .iter()
                .map(|stage| stage.conv().map_or(vec![], |conv| room(conv.gradient)))
                .collect(),
            gradient: vec![[0.0; LANES]; largest],
            other_gradient: vec![[0.0; LANES]; largest],
            statistics: stages.iter().map(|stage| vec![Statistics::default(); of_norms(stage)]).collect(),
            sums: stages.iter().map(|stage| vec![GradientSums::default(); of_norms(stage)]).collect(),
            parameters: gradients.iter().map(|gradient| vec![0.0; gradient.numel()]).collect(),
            loss: 0.0,
            correct: 0,
        }
    }

    /// Puts this group's images `[N, C, H, W]` into lanes; lanes without an image are zero.
    fn load(&mut self, place: usize, images: &[f32], frame: Frame) {
        let Frame { channels, height, width, .. } = frame;
        let length = channels * height * width;
        let images = &images[place * LANES * length..][..self.images * length];
        for channel in 0..channels {
            for row in 0..height {
                let to = &mut self.activations[0][frame.at(channel, row, 0)..][..width];
                for (column, to) in to.iter_mut().enumerate() {
                    let pixel = (channel * height + row) * width + column;
                    *to = [0.0; LANES];
                    for (lane, image) in images.chunks_exact(length).enumerate() {
                        to[lane] = image[pixel];
                    }
                }
            }
        }
    }

    /// Does its share of a segment of a training step.
    fn run(&mut self, segment: &[Part], isa: Isa, stages: &[Stage], dropout: Stream) {
        for part in segment {
            match *part {
                Part::Compute(i) => {
                    self.compute(isa, i, &stages[i]);
                    self.take_statistics(isa, i, &stages[i]);
                }
                Part::Activate(i) => self.activate(isa, i, &stages[i], Some(dropout)),
                Part::Sum(i) => self.sum_gradients(isa, i, &stages[i]),
                Part::Return(i) => self.go_back(isa, i, &stages[i]),
            }
        }
    }

    fn compute(&mut self, isa: Isa, place: usize, stage: &Stage) {
        let (before, after) = self.activations.split_at_mut(place + 1);
        let (input, output) = (&before[place], &mut after[0]);
        match &stage.kind {
            Kind::Conv(conv) => {
                let bias = conv.bias.is_some().then_some(conv.bias_values.as_slice());
                let values = if conv.tail.is_some() { &mut self.values[place] } else { output };
                let frame = Frame { border: 0, ..stage.output };
                kernels::conv(isa, input, stage.input, &conv.packed, bias, values, frame);
            }
            Kind::MaxPool { kernel } => {
                kernels::max_pool(isa, input, stage.input, *kernel, output, stage.output);
            }
            Kind::AveragePool { kernel } => {
                kernels::average_pool(isa, input, stage.input, *kernel, output, stage.output);
            }
        }
    }

    fn take_statistics(&mut self, isa: Isa, place: usize, stage: &Stage) {
        if stage.norm().is_some() {
            let frame = Frame { border: 0, ..stage.output };
            let (values, statistics) = (&self.values[place], &mut self.statistics[place]);
            kernels::channel_statistics(isa, values, frame, self.images, statistics);
        }
    }

    /// With the dropout stream of the epoch in training, without in evaluation.
    fn activate(&mut self, isa: Isa, place: usize, stage: &Stage, dropout: Option<Stream>) {
        let Some(tail) = stage.tail() else { return };
        let dropout = dropout.zip(tail.dropout).map(|(stream, (probability, layer))| {
            let mut keys = [[0; LANES]; 2];
            for (lane, &sample) in self.samples.iter().enumerate() {
                [keys[0][lane], keys[1][lane]] = stream.at(u64::from(sample)).at(layer as u64).mask_key();
            }
            kernels::Dropout { keys, threshold: drop_threshold(probability), kept: kept(probability) }
        });
        let norm = tail.norm.as_ref().map(|norm| Scaling { scale: &norm.scale, shift: &norm.shift });
        let activation = Activation { norm, dropout: dropout.as_ref() };
        let output = &mut self.activations[place + 1];
        kernels::activate(isa, &self.values[place], activation, output, stage.output);
    }

    /// Loss and correct answers of this group, and the gradient of its logits: `(softmax - target) / batch`.
    fn judge(&mut self, labels: &[u8], classes: usize, smoothing: f64, batch: usize) {
        let logits = &self.activations[self.activations.len() - 1];
        (self.loss, self.correct) = (0.0, 0);
        self.gradient[..classes].fill([0.0; LANES]);
        let mut row = vec![0.0; classes];
        for (lane, &label) in labels.iter().enumerate() {
            for (value, logits) in row.iter_mut().zip(logits) {
                *value = logits[lane];
            }
            let label = usize::from(label);
            self.correct += usize::from(argmax(&row) == label);
            let largest = f64::from(row[argmax(&row)]);
            let sum: f64 = row.iter().map(|&x| libm::exp(f64::from(x) - largest)).sum();
            let log_sum = largest + libm::log(sum);
            for (class, &x) in row.iter().enumerate() {
                let hit = if class == label { 1.0 - smoothing } else { 0.0 };
                let target = hit + smoothing / classes as f64;
                self.loss += target * (log_sum - f64::from(x));
                let probability = libm::exp(f64::from(x) - largest) / sum;
                self.gradient[class][lane] = ((probability - target) / batch as f64) as f32;
            }
        }
    }

    fn activated<'a>(&'a self, place: usize, stage: &Stage) -> Activated<'a> {
        let dropout = stage.tail().and_then(|tail| tail.dropout);
        Activated {
            values: &self.values[place],
            activated: &self.activations[place + 1],
            frame: stage.output,
            gradient: &self.gradient,
            kept: dropout.map_or(1.0, |(probability, _)| kept(probability)),
            images: self.images,
        }
    }

    fn sum_gradients(&mut self, isa: Isa, place: usize, stage: &Stage) {
        if let Some(norm) = stage.norm() {
            let mut sums = std::mem::take(&mut self.sums[place]);
            kernels::gradient_sums(isa, self.activated(place, stage), norm.kernel(), &mut sums);
            self.sums[place] = sums;
        }
    }

    /// From the gradient of what a stage made to the gradients of its weights and of what it read.
    fn go_back(&mut self, isa: Isa, place: usize, stage: &Stage) {
        let made = Frame { border: 0, ..stage.output };
        match &stage.kind {
            Kind::Conv(conv) => {
                let mut gradient = std::mem::take(&mut self.value_gradients[place]);
                if let Some(tail) = &conv.tail {
                    let norm = tail.norm.as_ref().map(|norm| NormGradient {
                        norm: norm.kernel(),
                        factor: &norm.scale,
                        mean_gradient: &norm.mean_gradient,
                        mean_product: &norm.mean_product,
                    });
                    let activated = self.activated(place, stage);
                    kernels::activation_gradient(isa, activated, norm, &mut gradient, conv.gradient);
                } else {
                    for channel in 0..made.channels {
                        for row in 0..made.height {
                            let from = &self.gradient[made.at(channel, row, 0)..][..made.width];
                            gradient[conv.gradient.at(channel, row, 0)..][..made.width].copy_from_slice(from);
                        }
                    }
                }
                let (input, frame) = (&self.activations[place], stage.input);
                let weights = &mut self.parameters[conv.weight];
                kernels::conv_weight_gradient(
                    isa,
                    input,
                    frame,
                    &gradient,
                    conv.gradient,
                    conv.kernel,
                    weights,
                );
                if let Some(bias) = conv.bias {
                    kernels::conv_bias_gradient(isa, &gradient, conv.gradient, &mut self.parameters[bias]);
                }
                if let Some(transposed) = &conv.transposed {
                    let read = Frame { border: 0, ..stage.input };
                    kernels::conv(isa, &gradient, conv.gradient, transposed, None, &mut self.gradient, read);
                }
                self.value_gradients[place] = gradient;
            }
            Kind::MaxPool { kernel } => {
                let (input, gradient) = (&self.activations[place], &self.gradient);
                let to = &mut self.other_gradient;
                kernels::max_pool_gradient(isa, input, stage.input, *kernel, gradient, made, to);
                std::mem::swap(&mut self.gradient, &mut self.other_gradient);
            }
            Kind::AveragePool { kernel } => {
                let to = &mut self.other_gradient;
                kernels::average_pool_gradient(isa, stage.input, *kernel, &self.gradient, made, to);
                std::mem::swap(&mut self.gradient, &mut self.other_gradient);
            }
        }
    }
}

fn kept(probability: f64) -> f32 {
    (1.0 / (1.0 - probability)) as f32
}

/// Gathers a plan's operations into stages, or says which of them this engine lacks.
fn stages(plan: &Plan) -> Result<Vec<Stage>, String> {
    const ORDER: &str = "blocks in another order than conv, norm, relu, dropout";
    let mut stages: Vec<Stage> = vec![];
    let mut ops = plan.ops.iter().peekable();
    while let Some(planned) = ops.next() {
        let [channels, height, width] = planned.input;
        let mut input = Frame::new(channels, height, width);
        let [channels, height, width] = planned.output;
        let output = Frame::new(channels, height, width);
        let kind = match planned.op {
            Op::Conv { weight, bias, kernel, padding } => {
                if padding >= kernel {
                    return Err(format!("a padding of {padding} around a kernel of {kernel}"));
                }
                input = input.with_border(padding);
                let mut tail = Tail { norm: None, dropout: None };
                if let Some(&Op::BatchNorm { weight, bias, statistics }) = ops.peek().map(|next| &next.op) {
                    tail.norm = Some(NormState::new(weight, bias, statistics, channels));
                    ops.next();
                }
                let has_relu = ops.next_if(|next| next.op == Op::Relu).is_some();
                if has_relu {
                    if let Some(&Op::Dropout { probability, index }) = ops.peek().map(|next| &next.op) {
                        tail.dropout = Some((probability, index));
                        ops.next();
                    }
                } else if tail.norm.is_some() {
                    return Err(ORDER.into());
                }
                Kind::Conv(Box::new(Conv {
                    weight,
                    bias,
                    kernel,
                    bias_values: vec![0.0; if bias.is_some() { channels } else { 0 }],
                    packed: PackedWeights::new(channels, input.channels, kernel),
                    transposed: (!stages.is_empty())
                        .then(|| PackedWeights::new(input.channels, channels, kernel)),
                    gradient: output.with_border(kernel - 1 - padding),
                    tail: has_relu.then_some(tail),
                }))
            }
            Op::MaxPool { kernel } => Kind::MaxPool { kernel },
            Op::AveragePool { kernel } => Kind::AveragePool { kernel },
            Op::Flatten if ops.peek().is_none() => continue, // the order in memory is the same
            Op::Flatten => return Err("a layer after flatten".into()),
            Op::BatchNorm { .. } | Op::Relu | Op::Dropout { .. } => return Err(ORDER.into()),
        };
        if let Some(before) = stages.last_mut() {
            before.output.border = input.border;
            if input.border > 0 && before.conv().is_some_and(|conv| conv.tail.is_none()) {
                return Err("a padded layer right after a bare convolution".into());
            }
        }
        stages.push(Stage { input, output, kind });
    }
    Ok(stages)
}
