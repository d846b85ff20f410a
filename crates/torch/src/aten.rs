use std::borrow::Cow;

use stepladder_trainer::data::{Augmentation, Batch, Preparing, SoftTargets};
use stepladder_trainer::engine::{Device as Where, Engine, EngineName, Isa, RANGE_MOMENTUM, Request, Step};
use stepladder_trainer::metric::Score;
use stepladder_trainer::net::{
    Activation, Grid, Node, Op, Plan, Shape, ValueId, Weights, Window, blend_range,
};
use stepladder_trainer::optim::{AdamWStep, Averages, Averaging, Optimizer, Sgd};
use stepladder_trainer::random::{Stream, drop_threshold, mask_bits};
use stepladder_trainer::{Slot, TrainError, TrainingState, WeightSet};
use tch::{Device, Kind, Reduction, Tensor, no_grad};

use crate::failed::Failed;
use crate::threads::Threads;

/// The precision that an engine computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// f32.
    Single,
    /// f64, on the CPU: the reference for other computations.
    Double,
}

/// The reference engine: libtorch's operations and autograd. The training state stays on its device.
#[derive(Debug)]
pub struct Aten {
    plan: Plan,
    optimizer: Optimizer,
    /// Of each parameter, in the order of the plan.
    frozen: Vec<bool>,
    averaging: Option<Averaging>,
    label_smoothing: f64,
    class_weights: Option<Tensor>,
    augmentation: Option<Augmentation>,
    device: Device,
    kind: Kind,
    threads: Threads,
    weights: Tensors,
    /// The optimizer's numbers: a list for each of its slots, one tensor per parameter.
    slots: Vec<Vec<Tensor>>,
    averages: Option<(usize, Tensors)>,
    gradients: Vec<Tensor>,
}

/// Weights on the device, in the order of the plan.
#[derive(Debug)]
struct Tensors {
    parameters: Vec<Tensor>,
    /// Running mean and variance of each norm.
    statistics: Vec<[Tensor; 2]>,
    /// The running range of each value that is rounded, `[2]`.
    ranges: Vec<Tensor>,
}

impl Tensors {
    /// Returns all running statistics, in the order of [`Weights::statistics`].
    fn statistics(&self) -> impl Iterator<Item = &Tensor> {
        self.statistics.iter().flatten().chain(&self.ranges)
    }
}

/// How a forward pass treats norms and dropouts.
enum Mode<'a> {
    Training {
        samples: &'a [u32],
        dropout: Stream,
    },
    /// Norms use the batch's statistics, and blend this share of them into the running ones.
    Statistics {
        share: f64,
    },
    Evaluation,
}

impl Aten {
    /// Starts an engine on a device; its settings have been checked.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] while another run has another number of threads, [`TrainError::Torch`] if the device
    /// has no memory left.
    pub fn start(
        request: &Request,
        state: &TrainingState,
        device: Device,
        precision: Precision,
    ) -> Result<Self, TrainError> {
        let &Request { experiment, plan, threads, .. } = request;
        let kind = match precision {
            Precision::Single => Kind::Float,
            Precision::Double => Kind::Double,
        };
        let threads = Threads::of(threads)?;
        let mut engine = Self {
            plan: plan.clone(),
            optimizer: experiment.optimizer,
            frozen: plan.parameters.iter().map(|planned| experiment.freezes(planned)).collect(),
            averaging: experiment.averaging,
            label_smoothing: experiment.label_smoothing,
            class_weights: None,
            augmentation: experiment.augmentation.clone(),
            device,
            kind,
            threads,
            weights: Tensors { parameters: vec![], statistics: vec![], ranges: vec![] },
            slots: vec![],
            averages: None,
            gradients: vec![],
        };
        engine.set_state(state)?;
        if let Some(weights) = request.class_weights {
            engine.class_weights = Some(engine.weights_of_classes(weights)?);
        }
        Ok(engine)
    }

    /// Returns the gradients of the last step's loss, clipped if the optimizer clips them: one list per parameter, in the order
    /// of the plan.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] if libtorch fails.
    pub fn gradients(&self) -> Result<Vec<Vec<f64>>, TrainError> {
        Ok(self.gradients.iter().map(to_doubles).collect::<Result<_, _>>()?)
    }

    /// Returns the running mean and variance of each norm, one list each, in the order of the plan.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] if libtorch fails.
    pub fn statistics(&self) -> Result<Vec<Vec<f64>>, TrainError> {
        Ok(self.weights.statistics.iter().flatten().map(to_doubles).collect::<Result<_, _>>()?)
    }

    /// [`Engine::logits`] in the precision of the engine.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] if libtorch fails.
    pub fn exact_logits(&self, of: WeightSet, batch: &Batch) -> Result<Vec<f64>, TrainError> {
        Ok(to_doubles(&self.evaluated(of, batch)?)?)
    }

    fn weights_of_classes(&self, weights: &[f64]) -> Result<Tensor, Failed> {
        Ok(Tensor::f_from_slice(weights)?.f_to_kind(self.kind)?.f_to_device(self.device)?)
    }

    fn set_state(&mut self, state: &TrainingState) -> Result<(), Failed> {
        let weights = self.upload(&state.weights)?;
        let slots = state.slots.iter().map(|slot| self.parameters(&slot.values));
        let slots = slots.collect::<Result<_, _>>()?;
        let averages = match &state.averages {
            Some(averages) => Some((averages.steps, self.upload(&averages.weights)?)),
            None => None,
        };
        // All or none: an upload that fails leaves the engine as it was.
        (self.weights, self.slots, self.averages) = (weights, slots, averages);
        Ok(())
    }

    fn upload(&self, weights: &Weights) -> Result<Tensors, Failed> {
        let numbers = |range: &std::ops::Range<usize>| self.tensor(&weights.statistics[range.clone()]);
        let norms = self.plan.statistics.iter();
        let statistics = norms
            .map(|norm| Ok([numbers(&norm.mean)?, numbers(&norm.variance)?]))
            .collect::<Result<_, Failed>>()?;
        let ranges = self.plan.ranges.iter().map(|planned| numbers(&planned.range));
        let ranges = ranges.collect::<Result<_, Failed>>()?;
        Ok(Tensors { parameters: self.parameters(&weights.parameters)?, statistics, ranges })
    }

    /// Makes a tensor of each parameter's shape.
    fn parameters(&self, values: &[f32]) -> Result<Vec<Tensor>, Failed> {
        self.plan
            .parameters
            .iter()
            .map(|parameter| {
                let sizes: Vec<i64> = parameter.shape.iter().map(|&n| n as i64).collect();
                Ok(self.tensor(&values[parameter.range.clone()])?.f_view(sizes.as_slice())?)
            })
            .collect()
    }

    fn tensor(&self, values: &[f32]) -> Result<Tensor, Failed> {
        Ok(Tensor::f_from_slice(values)?.f_to_kind(self.kind)?.f_to_device(self.device)?)
    }

    fn download(&self, tensors: &Tensors) -> Result<Weights, Failed> {
        let parameters = flat(&tensors.parameters, self.plan.parameter_count())?;
        let statistics = flat(tensors.statistics(), self.plan.statistics_count())?;
        Ok(Weights { parameters, statistics })
    }

    fn tensors(&self, of: WeightSet) -> &Tensors {
        match (of, &self.averages) {
            (WeightSet::Evaluation, Some((_, averages))) => averages,
            _ => &self.weights,
        }
    }

    fn images(&self, batch: &Batch) -> Result<Tensor, Failed> {
        let shape = self.plan.graph.shape(ValueId::IMAGES);
        let [channels, height, width] = shape.map(|n| n as i64);
        let mut preparing = Preparing::new(Isa::best(), [shape[0], shape[1]], self.augmentation.as_ref())?;
        let images = batch.images(&mut preparing, shape.iter().product());
        Ok(self.tensor(&images)?.f_view([-1, channels, height, width])?)
    }

    fn evaluated(&self, of: WeightSet, batch: &Batch) -> Result<Tensor, Failed> {
        let tensors = self.tensors(of);
        let images = self.images(batch)?;
        no_grad(|| self.forward(images, &tensors.parameters, tensors, &Mode::Evaluation))
    }

    /// Computes logits `[N, classes]` of images `[N, C, H, W]`.
    fn forward(
        &self,
        images: Tensor,
        parameters: &[Tensor],
        running: &Tensors,
        mode: &Mode,
    ) -> Result<Tensor, Failed> {
        let graph = &self.plan.graph;
        let last_readers = graph.last_readers();
        let mut values: Vec<Option<Tensor>> = (0..graph.values()).map(|_| None).collect();
        let mut logits = images.shallow_clone();
        values[ValueId::IMAGES.index()] = Some(images);
        for (output, node) in graph.nodes() {
            let inputs: Vec<&Tensor> =
                node.inputs.iter().filter_map(|input| values[input.index()].as_ref()).collect();
            let mut made = self.apply(node, &inputs, parameters, &running.statistics, mode)?;
            if let Some(range) = node.range {
                made = rounded(made, &running.ranges[range], mode)?;
            }
            for input in &node.inputs {
                if last_readers[input.index()] == Some(output) {
                    values[input.index()] = None; // autograd keeps those that it needs
                }
            }
            if output == graph.output() {
                logits = made.shallow_clone();
            }
            values[output.index()] = Some(made);
        }
        Ok(logits.f_flatten(1, -1)?)
    }

    fn apply(
        &self,
        node: &Node,
        inputs: &[&Tensor],
        parameters: &[Tensor],
        statistics: &[[Tensor; 2]],
        mode: &Mode,
    ) -> Result<Tensor, Failed> {
        let x = inputs[0];
        Ok(match node.op {
            Op::Conv { weight, bias, window, groups } => {
                let Sides { stride, padding, dilation, .. } = sides(window);
                let (weight, bias) = (&parameters[weight], bias.map(|b| &parameters[b]));
                let weight = match mode {
                    Mode::Training { .. } | Mode::Statistics { .. } if self.plan.quantize.is_some() => {
                        rounded_weights(weight)?
                    }
                    _ => weight.shallow_clone(),
                };
                // A linear layer's weights have no height and width.
                let [outs, ins] = [0, 1].map(|dimension| weight.size()[dimension]);
                let kernel = window.kernel as i64;
                let weight = weight.f_view([outs, ins, kernel, kernel])?;
                x.f_conv2d(&weight, bias, stride, padding, dilation, groups as i64)?
            }
            Op::BatchNorm { weight, bias, statistics: index, momentum, epsilon } => {
                let share = match *mode {
                    Mode::Training { .. } => Some(momentum),
                    Mode::Statistics { share } => Some(share),
                    Mode::Evaluation => None,
                };
                let training = share.is_some();
                let [mean, variance] = &statistics[index];
                // One value per channel has no variance: an unbiased estimate of it would be 0 / 0.
                let keep = training && x.numel() == node.shape[0];
                x.f_batch_norm(
                    Some(&parameters[weight]),
                    Some(&parameters[bias]),
                    (!keep).then_some(mean),
                    (!keep).then_some(variance),
                    training,
                    share.unwrap_or_default(),
                    epsilon,
                    true,
                )?
            }
            Op::Activation(activation) => match activation {
                Activation::Relu => x.f_relu()?,
                Activation::LeakyRelu => x.f_leaky_relu()?,
                Activation::Elu => x.f_elu()?,
                Activation::Relu6 => x.f_relu6()?,
                Activation::HardSwish => x.f_hardswish()?,
                Activation::Silu => x.f_silu()?,
                Activation::Gelu => x.f_gelu("none")?,
                Activation::None => x.shallow_clone(),
            },
            Op::Sigmoid => x.f_sigmoid()?,
            Op::Dropout { probability, index } => match mode {
                Mode::Evaluation | Mode::Statistics { .. } => x.shallow_clone(),
                Mode::Training { samples, dropout } => {
                    x.f_mul(&self.mask(node.shape, samples, *dropout, index, probability)?)?
                }
            },
            Op::MaxPool(window) => {
                let Sides { kernel, stride, padding, .. } = sides(window);
                x.f_max_pool2d(kernel, stride, padding, [1, 1], false)?
            }
            Op::AveragePool(window) => {
                let Sides { kernel, stride, padding, .. } = sides(window);
                x.f_avg_pool2d(kernel, stride, padding, false, true, None::<i64>)?
            }
            Op::GlobalAveragePool => x.f_mean_dim([2_i64, 3].as_slice(), true, None)?,
            Op::Add => x.f_add(inputs[1])?,
            Op::Concat => Tensor::f_cat(inputs, 1)?,
            Op::Scale => x.f_mul(inputs[1])?,
            Op::Flatten => x.f_view([-1, node.shape[0] as i64, 1, 1])?,
        })
    }

    /// Returns 0 where an activation is dropped, `1 / (1 - probability)` elsewhere, `[N, C, H, W]`.
    fn mask(
        &self,
        shape: Shape,
        samples: &[u32],
        dropout: Stream,
        layer: usize,
        probability: f64,
    ) -> Result<Tensor, Failed> {
        let activations = shape.iter().product::<usize>();
        let threshold = drop_threshold(probability);
        let kept = (1.0 / (1.0 - probability)) as f32;
        let mut mask = vec![0.0_f32; samples.len() * activations];
        for (row, &sample) in mask.chunks_exact_mut(activations).zip(samples) {
            let key = dropout.at(u64::from(sample)).at(layer as u64).mask_key();
            for (position, value) in row.iter_mut().enumerate() {
                *value = if mask_bits(key, position as u32) < threshold { 0.0 } else { kept };
            }
        }
        let [channels, height, width] = shape.map(|n| n as i64);
        Ok(self.tensor(&mask)?.f_view([-1, channels, height, width])?)
    }

    /// Computes loss and gradients of a batch; norms use and update their statistics.
    fn learn(&mut self, batch: &Batch, dropout: Stream) -> Result<Score, Failed> {
        // Leaves of this batch's graph: they share the weights' memory.
        let leaves = self
            .weights
            .parameters
            .iter()
            .map(|p| Ok(p.f_detach()?.f_set_requires_grad(true)?))
            .collect::<Result<Vec<_>, Failed>>()?;
        let mode = Mode::Training { samples: batch.samples(), dropout };
        let logits = self.forward(self.images(batch)?, &leaves, &self.weights, &mode)?;
        let of_labels = logits.f_cross_entropy_loss(
            &self.targets(batch, logits.size()[1] as usize)?,
            self.class_weights.as_ref(),
            Reduction::Mean,
            -100, // PyTorch's default: no label is ignored
            self.label_smoothing,
        )?;
        let loss = match batch.soft_targets() {
            Some(soft_targets) => self.distilled(&of_labels, &logits, soft_targets)?,
            None => of_labels,
        };
        self.gradients = Tensor::f_run_backward(&[&loss], &leaves, false, false)?;
        // Waits for the device.
        let counted = (0..batch.len()).map(|index| batch.target(index).label());
        let correct = Score::of(&to_floats(&logits)?, counted).correct;
        let total = batch.len();
        Ok(Score { loss_sum: f64::try_from(&loss)? * total as f64, correct, total })
    }

    /// Returns a batch's loss with its part of a teacher, as [`stepladder_trainer::metric::divergence`] defines it.
    fn distilled(
        &self,
        of_labels: &Tensor,
        logits: &Tensor,
        &SoftTargets { logits: ref teacher, temperature, weight }: &SoftTargets,
    ) -> Result<Tensor, Failed> {
        let images = logits.size()[0] as f64;
        let teacher = self.tensor(teacher)?.f_view(logits.size().as_slice())?;
        let log_probabilities =
            |logits: &Tensor| logits.f_div_scalar(temperature)?.f_log_softmax(1, None::<Kind>);
        let divergence =
            log_probabilities(logits)?.f_kl_div(&log_probabilities(&teacher)?, Reduction::Sum, true)?;
        let of_teacher = divergence.f_mul_scalar(weight * temperature * temperature / images)?;
        Ok(of_labels.f_mul_scalar(1.0 - weight)?.f_add(&of_teacher)?)
    }

    /// Returns the label of each image, or the weight of each class, `[N, classes]`, where images are mixed.
    fn targets(&self, batch: &Batch, classes: usize) -> Result<Tensor, Failed> {
        if !batch.is_mixed() {
            // Cross entropy wants i64.
            let labels = Tensor::f_from_slice(batch.labels())?.f_to_kind(Kind::Int64)?;
            return Ok(labels.f_to_device(self.device)?);
        }
        let weights: Vec<f64> = (0..batch.len())
            .flat_map(|index| (0..classes).map(move |class| batch.target(index).weight(class)))
            .collect();
        let weights = Tensor::f_from_slice(&weights)?.f_view([-1, classes as i64])?;
        Ok(weights.f_to_kind(self.kind)?.f_to_device(self.device)?)
    }

    /// Scales gradients down to a norm of at most `most`, as [`stepladder_trainer::optim::clip_factor`] defines it, without
    /// waiting for the device.
    fn clip(&mut self, most: f64) -> Result<(), Failed> {
        let moving = self.gradients.iter().zip(&self.frozen).filter(|&(_, &frozen)| !frozen);
        let norms = moving.map(|(gradient, _)| gradient.f_norm()).collect::<Result<Vec<_>, _>>()?;
        let norm = Tensor::f_stack(&norms, 0)?.f_norm()?;
        let factor = norm.f_add_scalar(1e-6)?.f_reciprocal()?.f_mul_scalar(most)?.f_clamp_max(1.0)?;
        for gradient in &mut self.gradients {
            let _ = gradient.f_mul_(&factor)?;
        }
        Ok(())
    }

    /// Takes the optimizer's step, as [`Optimizer::step`] defines it, then updates the averages.
    fn update(&mut self, at: &Step) -> Result<(), Failed> {
        if let Some(most) = self.optimizer.clip_norm() {
            self.clip(most)?;
        }
        let Self { plan, optimizer, frozen, weights, gradients, slots, .. } = self;
        let update = &at.update;
        for (i, ((planned, p), g)) in
            plan.parameters.iter().zip(&mut weights.parameters).zip(&*gradients).enumerate()
        {
            if frozen[i] {
                continue;
            }
            let decay = optimizer.decay_of(planned);
            match optimizer {
                Optimizer::Sgd(Sgd { momentum, nesterov, .. }) => {
                    let momentum = update.momentum.unwrap_or(*momentum);
                    let v = &mut slots[0][i];
                    let d = g.f_add(&p.f_mul_scalar(decay)?)?;
                    let _ = v.f_mul_scalar_(momentum)?.f_add_(&d)?;
                    let move_by =
                        if *nesterov { d.f_add(&v.f_mul_scalar(momentum)?)? } else { v.shallow_clone() };
                    let _ = p.f_sub_(&move_by.f_mul_scalar(update.learning_rate)?)?;
                }
                Optimizer::AdamW(adamw) => {
                    let AdamWStep { keep, first, second, size, correction, epsilon } =
                        adamw.at(decay, update);
                    let _ = p.f_mul_scalar_(keep)?;
                    let m = &mut slots[0][i];
                    let _ = m.f_lerp_(g, first)?;
                    let m = m.f_mul_scalar(size)?;
                    let v = &mut slots[1][i];
                    let _ = v.f_mul_scalar_(second)?.f_add_(&g.f_square()?.f_mul_scalar(1.0 - second)?)?;
                    let root = v.f_sqrt()?.f_div_scalar(correction)?.f_add_scalar(epsilon)?;
                    let _ = p.f_sub_(&m.f_div(&root)?)?;
                }
            }
        }
        let Some(((steps, averages), averaging)) = self.averages.as_mut().zip(self.averaging) else {
            return Ok(());
        };
        let share = averaging.share(*steps);
        let current = self.weights.parameters.iter().chain(self.weights.statistics());
        let Tensors { parameters, statistics, ranges } = averages;
        let statistics = statistics.iter_mut().flatten().chain(ranges);
        let averages = parameters.iter_mut().chain(statistics);
        for (average, current) in averages.zip(current) {
            let _ = average.f_lerp_(current, share)?;
        }
        *steps += 1;
        Ok(())
    }
}

impl Engine for Aten {
    fn name(&self) -> EngineName {
        EngineName::Aten
    }

    fn device(&self) -> Where {
        if self.device.is_cuda() { Where::Cuda } else { Where::Cpu }
    }

    fn threads(&self) -> usize {
        self.threads.0
    }

    fn step(&mut self, batch: &Batch, at: &Step) -> Result<Score, TrainError> {
        let score = self.learn(batch, at.dropout)?;
        no_grad(|| self.update(at))?;
        Ok(score)
    }

    fn blend_statistics(&mut self, batch: &Batch, share: f64) -> Result<(), TrainError> {
        let tensors = self.tensors(WeightSet::Evaluation);
        let images = self.images(batch)?;
        let _ = no_grad(|| self.forward(images, &tensors.parameters, tensors, &Mode::Statistics { share }))?;
        Ok(())
    }

    fn logits(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError> {
        Ok(to_floats(&self.evaluated(of, batch)?)?)
    }

    fn state(&mut self) -> Result<Cow<'_, TrainingState>, TrainError> {
        let averages = match &self.averages {
            Some((steps, tensors)) => Some(Averages { steps: *steps, weights: self.download(tensors)? }),
            None => None,
        };
        let slots =
            self.optimizer.slots().iter().zip(&self.slots).map(|(name, tensors)| {
                Ok(Slot { name, values: flat(tensors, self.plan.parameter_count())? })
            });
        let slots = slots.collect::<Result<_, TrainError>>()?;
        Ok(Cow::Owned(TrainingState { weights: self.download(&self.weights)?, slots, averages }))
    }

    fn restore(&mut self, state: TrainingState) -> Result<(), TrainError> {
        Ok(self.set_state(&state)?)
    }
}

/// Rounds values in training by their running range, into which it blends that of the values then.
fn rounded(values: Tensor, range: &Tensor, mode: &Mode) -> Result<Tensor, Failed> {
    let share = match *mode {
        Mode::Training { .. } => RANGE_MOMENTUM,
        Mode::Statistics { share } => share,
        Mode::Evaluation => return Ok(values),
    };
    let numbers = to_doubles(range)?;
    let mut running = [numbers[0], numbers[1]];
    let grid = Grid::of(running);
    let (low, high) = no_grad(|| Ok::<_, Failed>((values.f_min()?, values.f_max()?)))?;
    let seen = [f64::try_from(&low)?.min(0.0), f64::try_from(&high)?.max(0.0)];
    blend_range(&mut running, seen, share);
    no_grad(|| range.shallow_clone().f_copy_(&Tensor::f_from_slice(&running)?))?;
    Ok(match grid {
        // Its whole numbers go from -128 to 127.
        Some(Grid { scale, lowest, .. }) => {
            values.f_fake_quantize_per_tensor_affine(scale, (-128 - lowest).into(), -128, 127)?
        }
        None => values,
    })
}

/// Rounds the weights of each output channel, as [`RoundedWeights`](stepladder_trainer::net::RoundedWeights) does.
fn rounded_weights(weights: &Tensor) -> Result<Tensor, Failed> {
    let outs = weights.size()[0];
    let scale = no_grad(|| {
        let scale = weights.f_detach()?.f_abs()?.f_reshape([outs, -1])?.f_amax([1_i64], false)?;
        let scale = scale.f_div_scalar(127.0)?.f_to_kind(Kind::Float)?;
        Ok::<_, Failed>(
            scale.f_where_self(&scale.f_ge(f64::from(f32::MIN_POSITIVE))?, &scale.f_ones_like()?)?,
        )
    })?;
    let zeros = Tensor::f_zeros([outs], (Kind::Int, weights.device()))?;
    Ok(weights.f_fake_quantize_per_channel_affine(&scale, &zeros, 0, -127, 127)?)
}

/// A window's geometry along both sides, as libtorch takes it.
struct Sides {
    kernel: [i64; 2],
    stride: [i64; 2],
    padding: [i64; 2],
    dilation: [i64; 2],
}

fn sides(Window { kernel, stride, padding, dilation }: Window) -> Sides {
    let [kernel, stride, padding, dilation] =
        [kernel, stride, padding, dilation].map(|side| [side as i64; 2]);
    Sides { kernel, stride, padding, dilation }
}

fn flat<'a>(tensors: impl IntoIterator<Item = &'a Tensor>, count: usize) -> Result<Vec<f32>, Failed> {
    let mut values = Vec::with_capacity(count);
    for tensor in tensors {
        values.extend(to_floats(tensor)?);
    }
    Ok(values)
}

fn to_floats(tensor: &Tensor) -> Result<Vec<f32>, Failed> {
    let tensor = tensor.f_detach()?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    tensor.f_copy_data(&mut values, tensor.numel())?;
    Ok(values)
}

fn to_doubles(tensor: &Tensor) -> Result<Vec<f64>, Failed> {
    let tensor = tensor.f_detach()?.f_to_kind(Kind::Double)?.f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    tensor.f_copy_data(&mut values, tensor.numel())?;
    Ok(values)
}
