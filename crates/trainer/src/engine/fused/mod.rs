//! The CPU engine: SIMD kernels over plain memory. [`lower`] turns a net's graph into stages and buffers, [`ops`] compute.
//!
//! A batch is a list of groups of 16 images, the last perhaps not full. Threads take groups; values of the whole
//! batch (a norm's statistics, the gradients of weights) are summed group by group in their order. So a run gives the
//! same bits for any number of threads and on any CPU.

mod group;
mod lower;
mod memory;
mod norm;
mod ops;
mod single;
mod worker_pool;

use std::array::from_fn;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use stepladder_kernels::{Isa, LANES};

use self::group::Group;
use self::lower::{Program, Reduction, Segment};
pub use self::memory::check_evaluation;
use self::memory::useful_threads;
pub(crate) use self::memory::{check_teacher, check_training};
use self::norm::NormState;
use self::ops::{Kind, Pass, Source};
use self::single::Single;
use self::worker_pool::WorkerPool;
use super::{Device, Engine, EngineName, Request, Step};
use crate::TrainError;
use crate::alloc::{check_available, zeros};
use crate::data::{Augmentation, Batch};
use crate::metric::{BatchLoss, Score};
use crate::net::{ParameterPlan, Plan, RoundedWeights, Weights};
use crate::optim::{Averages, Averaging, MOST_SLOTS, Optimizer, Update, clip_factor, sum_of_squares};
use crate::training_state::{Slot, TrainingState, WeightSet};

/// The CPU engine.
pub struct Fused {
    isa: Isa,
    workers: WorkerPool,
    program: Program,
    groups: Vec<RwLock<Group>>,
    state: TrainingState,
    /// The weights that [`logits`](Engine::logits) has packed into the stages.
    prepared: Option<WeightSet>,
    /// Of the images in its batches.
    augmentation: Option<Augmentation>,
    /// For few images; `None` if it was started for training.
    single: Option<Single>,
    /// For training; `None` unless the net is trained for whole numbers.
    rounded: Option<RoundedWeights>,
    /// `None` if it was started for evaluation only.
    training: Option<Training>,
}

/// Settings and gradients of training.
struct Training {
    optimizer: Optimizer,
    /// Of each parameter, in the order of the plan.
    frozen: Vec<bool>,
    averaging: Option<Averaging>,
    label_smoothing: f64,
    class_weights: Option<Vec<f64>>,
    /// Of all parameters, in the last step.
    gradients: Vec<f32>,
    /// Of each parameter, in the order of the plan.
    shares: Vec<ParameterShares>,
}

/// How a parameter is updated.
struct ParameterShares {
    /// Number of its values.
    count: usize,
    /// Its weight decay.
    decay: f64,
    /// Whether it stays as it is.
    frozen: bool,
    /// Where the terms of its gradient are found.
    terms: Vec<Term>,
}

/// A term of a parameter's gradient, by the index of a stage.
#[derive(Clone, Copy)]
struct Term {
    stage: usize,
    source: Source,
}

/// Of a pass that computes none.
const NO_LOSS: BatchLoss = BatchLoss { smoothing: 0.0, class_weights: None, divisor: 1.0 };

/// Parameters that one thread updates at a time: few enough for its cache.
const PARAMETERS_AT_ONCE: usize = 1 << 14;

impl Fused {
    /// Starts an engine for training.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`], and [`TrainError::Setting`] if the system can't start that many threads.
    pub fn start(request: &Request, state: TrainingState, isa: Isa) -> Result<Self, TrainError> {
        let &Request { experiment, plan, threads, .. } = request;
        let training = Training {
            optimizer: experiment.optimizer,
            frozen: plan.parameters.iter().map(|planned| experiment.freezes(planned)).collect(),
            averaging: experiment.averaging,
            label_smoothing: experiment.label_smoothing,
            class_weights: request.class_weights.map(<[f64]>::to_vec),
            gradients: zeros(plan.parameter_count())?,
            shares: vec![],
        };
        let threads = useful_threads(threads, experiment.batch_size);
        Self::new(plan, state, Some(training), experiment.augmentation.clone(), threads, isa)
    }

    /// Starts an engine that evaluates a teacher on the batches of a run: the same bits for any number of threads, as in training.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start).
    pub fn for_teacher(
        request: &Request,
        plan: &Plan,
        state: TrainingState,
        isa: Isa,
    ) -> Result<Self, TrainError> {
        let &Request { experiment, threads, .. } = request;
        let threads = useful_threads(threads, experiment.batch_size);
        Self::new(plan, state, None, experiment.augmentation.clone(), threads, isa)
    }

    /// Makes an engine for evaluation only, on the calling thread.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn for_evaluation(plan: &Plan, state: TrainingState, isa: Isa) -> Result<Self, TrainError> {
        Self::new(plan, state, None, None, 1, isa)
    }

    fn new(
        plan: &Plan,
        state: TrainingState,
        training: Option<Training>,
        augmentation: Option<Augmentation>,
        threads: usize,
        isa: Isa,
    ) -> Result<Self, TrainError> {
        let mut program = Program::new(plan, training.is_some())?;
        program.allocate_shared()?;
        let workers = WorkerPool::new(threads)?;
        let single =
            if training.is_none() { Some(Single::new(&program, augmentation.clone())?) } else { None };
        let rounded = if training.is_some() { RoundedWeights::of(plan)? } else { None };
        let training = training.map(|training| {
            let shares = shares(plan, &program, &training);
            Training { shares, ..training }
        });
        Ok(Self {
            isa,
            workers,
            program,
            groups: vec![],
            state,
            prepared: None,
            augmentation,
            single,
            rounded,
            training,
        })
    }

    /// Returns the weights of the last step.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.state.weights
    }

    /// Returns the gradients of the last step's loss, clipped if the optimizer clips them, one per parameter, 0 for frozen ones; empty if it was
    /// started for evaluation only.
    #[must_use]
    pub fn gradients(&self) -> &[f32] {
        self.training.as_ref().map_or(&[], |training| &training.gradients)
    }

    /// Whether the logits of so many images take at most about a tenth of a millisecond.
    #[must_use]
    pub fn is_quick(&self, images: usize) -> bool {
        self.single.as_ref().is_some_and(|single| single.is_quick(images))
    }

    /// Allocates groups until there are `count`.
    fn ensure_groups(&mut self, count: usize) -> Result<(), TrainError> {
        let missing = count.saturating_sub(self.groups.len());
        for i in 0..missing {
            let group = Group::new(&self.program, self.isa, self.augmentation.as_ref())?;
            if i == 0 && missing > 1 {
                let bytes = usize::try_from(4 * self.program.group_size()).unwrap_or(usize::MAX);
                check_available((missing - 1).saturating_mul(bytes))?;
            }
            self.groups.push(RwLock::new(group));
        }
        Ok(())
    }

    /// Returns the logits of few images, to the bits of [`logits`](Engine::logits), on the calling thread.
    fn logits_one_by_one(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError> {
        let Self { isa, program, state, prepared, single, .. } = self;
        let Weights { parameters, statistics } = state.of(of);
        let mut logits = zeros(batch.len() * program.place(program.output).frame.len())?;
        // Set again at the end: after an error or a panic the stages may be prepared in part.
        if prepared.take() != Some(of) {
            program.stages.iter().for_each(|stage| stage.kind.op().prepare(parameters, Some(statistics)));
        }
        let pass = Pass { isa: *isa, program, parameters, dropout: None };
        if let Some(single) = single {
            single.logits(&pass, batch, &mut logits)?;
        }
        *prepared = Some(of);
        Ok(logits)
    }

    /// Runs forward and backward: leaves each group's share of every gradient in its workspace, and updates the running
    /// statistics.
    fn forward_and_backward(&mut self, batch: &Batch, at: &Step) -> Score {
        let Self { isa, workers, program, groups, state, rounded, training, .. } = self;
        let loss = training.as_ref().map_or(NO_LOSS, |training| {
            BatchLoss::of(training.label_smoothing, training.class_weights.as_deref(), batch)
        });
        let Weights { parameters, statistics } = &mut state.weights;
        let groups = &groups[..batch.len().div_ceil(LANES)];
        let parameters = in_training(rounded, parameters);
        let pass = Pass { isa: *isa, program, parameters, dropout: Some(at.dropout) };
        run(workers, &program.segments, groups, &pass, batch, &loss, (statistics, None));

        let mut score = Score { total: batch.len(), ..Score::default() };
        for group in groups {
            let group = read(group);
            score.loss_sum += group.loss;
            score.correct += group.correct;
        }
        score.loss_sum *= batch.len() as f64 / loss.divisor;
        score
    }

    /// Sums the groups' gradients in their order, whichever thread computed them, and updates parameters and averages.
    fn update(&mut self, groups: usize, at: &Step) {
        let Self { workers, program, groups: all, state, training: Some(training), .. } = self else {
            return;
        };
        let groups: Vec<_> = all[..groups].iter().map(read).collect();
        let norms: Vec<_> =
            program.stages.iter().map(|stage| stage.kind.norm().map(|norm| norm.state())).collect();
        let TrainingState { weights, slots, averages } = state;
        let share = training.averaging.zip(averages.as_ref());
        let share = share.map(|(averaging, averages)| averaging.share(averages.steps));

        let mut tasks: Vec<Task> = vec![];
        let mut rest = Rest {
            gradients: &mut training.gradients,
            parameters: &mut weights.parameters,
            slots: slots_of(slots),
            averages: averages.as_mut().map(|averages| averages.weights.parameters.as_mut_slice()),
        };
        for &ParameterShares { count, decay, frozen, ref terms } in &training.shares {
            if frozen {
                rest.take(count);
                continue;
            }
            for start in (0..count).step_by(PARAMETERS_AT_ONCE) {
                let numbers = rest.take(PARAMETERS_AT_ONCE.min(count - start));
                let range = start..start + numbers.gradients.len();
                let mut parts = vec![];
                for &Term { stage, source } in terms {
                    match source {
                        Source::Groups(of) => {
                            parts.extend(
                                groups.iter().map(|group| &of(&group.workspaces[stage])[range.clone()]),
                            );
                        }
                        Source::Norm(of) => {
                            let state: Option<&NormState> = norms[stage].as_deref();
                            parts.extend(state.map(|state| &of(state)[range.clone()]));
                        }
                    }
                }
                tasks.push(Task { numbers, parts, decay, squares: 0.0 });
            }
        }
        let optimizer = training.optimizer;
        match optimizer.clip_norm() {
            None => workers.each(&mut tasks, |task| {
                task.add_up();
                task.update(&optimizer, &at.update, share);
            }),
            Some(most) => {
                workers.each(&mut tasks, |task| {
                    task.add_up();
                    task.squares = sum_of_squares(task.numbers.gradients);
                });
                let squares: f64 = tasks.iter().map(|task| task.squares).sum();
                let factor = clip_factor(squares.sqrt(), most) as f32;
                workers.each(&mut tasks, |task| {
                    task.numbers.gradients.iter_mut().for_each(|gradient| *gradient *= factor);
                    task.update(&optimizer, &at.update, share);
                });
            }
        }
        if let Some((averages, share)) = averages.as_mut().zip(share) {
            Averages::blend(&mut averages.weights.statistics, &weights.statistics, share);
            averages.steps += 1;
        }
    }
}

/// A range of parameters with their gradients, the optimizer's numbers and averages.
struct Rest<'a> {
    gradients: &'a mut [f32],
    parameters: &'a mut [f32],
    slots: [&'a mut [f32]; MOST_SLOTS],
    averages: Option<&'a mut [f32]>,
}

impl<'a> Rest<'a> {
    /// Splits off the first `count`.
    fn take(&mut self, count: usize) -> Rest<'a> {
        let cut = |list: &mut &'a mut [f32]| list.split_off_mut(..count).unwrap_or_default();
        Rest {
            gradients: cut(&mut self.gradients),
            parameters: cut(&mut self.parameters),
            slots: self.slots.each_mut().map(cut),
            averages: self.averages.as_mut().map(cut),
        }
    }
}

/// Returns the lists of slots, and empty ones after them.
fn slots_of(slots: &mut [Slot]) -> [&mut [f32]; MOST_SLOTS] {
    let mut lists = slots.iter_mut().map(|slot| slot.values.as_mut_slice());
    from_fn(|_| lists.next().unwrap_or_default())
}

/// Parameters to update, and the terms of their gradients.
struct Task<'a> {
    numbers: Rest<'a>,
    parts: Vec<&'a [f32]>,
    decay: f64,
    /// The sum of their gradients' squares, if gradients are clipped.
    squares: f64,
}

impl Task<'_> {
    /// Adds up the terms of the gradients.
    fn add_up(&mut self) {
        let gradients = &mut *self.numbers.gradients;
        gradients.fill(0.0);
        for part in &self.parts {
            for (sum, part) in gradients.iter_mut().zip(*part) {
                *sum += part;
            }
        }
    }

    /// Takes the optimizer's step, then blends a share of the parameters into their averages.
    fn update(&mut self, optimizer: &Optimizer, update: &Update, share: Option<f64>) {
        let Rest { gradients, parameters, slots, averages } = &mut self.numbers;
        let slots = slots.each_mut().map(|list| &mut **list);
        optimizer.step(parameters, gradients, slots, self.decay, update);
        if let Some((averages, share)) = averages.as_mut().zip(share) {
            Averages::blend(averages, parameters, share);
        }
    }
}

impl Engine for Fused {
    fn name(&self) -> EngineName {
        EngineName::Fused
    }

    fn device(&self) -> Device {
        Device::Cpu
    }

    fn threads(&self) -> usize {
        self.workers.threads()
    }

    fn step(&mut self, batch: &Batch, at: &Step) -> Result<Score, TrainError> {
        if self.training.is_none() {
            return Err(TrainError::Internal("this engine was started for evaluation only".into()));
        }
        let groups = batch.len().div_ceil(LANES);
        self.ensure_groups(groups)?;
        self.prepared = None;
        let score = self.forward_and_backward(batch, at);
        self.update(groups, at);
        Ok(score)
    }

    fn blend_statistics(&mut self, batch: &Batch, share: f64) -> Result<(), TrainError> {
        let groups = batch.len().div_ceil(LANES);
        self.ensure_groups(groups)?;
        self.prepared = None;
        let Self { isa, workers, program, groups: all, state, rounded, .. } = self;
        let Weights { parameters, statistics } = state.of_mut(WeightSet::Evaluation);
        let parameters = in_training(rounded, parameters);
        let pass = Pass { isa: *isa, program, parameters, dropout: None };
        let segments = program.measuring_segments();
        run(workers, &segments, &all[..groups], &pass, batch, &NO_LOSS, (statistics, Some(share)));
        Ok(())
    }

    fn logits(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError> {
        if self.single.as_ref().is_some_and(|single| single.pays(batch.len())) {
            return self.logits_one_by_one(of, batch);
        }
        self.ensure_groups(self.workers.threads())?;
        let Self { isa, workers, program, groups, state, prepared, .. } = self;
        let Weights { parameters, statistics } = state.of(of);
        // Set again at the end: after an error or a panic the stages may be prepared in part.
        let is_prepared = prepared.take() == Some(of);
        let stages = &program.stages;
        let classes = program.place(program.output).frame.len();
        let mut logits = zeros(batch.len() * classes)?;
        let parts: Vec<Mutex<&mut [f32]>> = logits.chunks_mut(LANES * classes).map(Mutex::new).collect();
        let pass = Pass { isa: *isa, program, parameters, dropout: None };

        workers.run(parts.len().max(stages.len()), |worker| {
            if !is_prepared {
                worker.each(stages.len(), |i| stages[i].kind.op().prepare(parameters, Some(statistics)));
                worker.synchronize(|| {});
            }
            // No group waits for another: each thread uses a single one, which stays in its cache.
            let mut group = write(&groups[worker.index]);
            worker.each(parts.len(), |g| {
                group.load(&pass, batch, g);
                (0..stages.len()).for_each(|i| group.forward(&pass, i));
                let mut part = parts[g].lock().unwrap_or_else(PoisonError::into_inner);
                for (lane, row) in part.chunks_exact_mut(classes).enumerate() {
                    for (logit, lanes) in row.iter_mut().zip(group.logits(program)) {
                        *logit = lanes[lane];
                    }
                }
            });
        });
        *prepared = Some(of);
        Ok(logits)
    }

    fn state(&mut self) -> Result<Cow<'_, TrainingState>, TrainError> {
        Ok(Cow::Borrowed(&self.state))
    }

    fn restore(&mut self, state: TrainingState) -> Result<(), TrainError> {
        self.state = state;
        self.prepared = None;
        Ok(())
    }
}

/// Returns the parameters that a training pass reads.
fn in_training<'a>(rounded: &'a mut Option<RoundedWeights>, parameters: &'a [f32]) -> &'a [f32] {
    rounded.as_mut().map_or(parameters, |rounded| rounded.round(parameters))
}

/// Runs segments of the program on a batch, in training mode: norms use the batch's statistics and blend a share of them
/// into the running ones, that of their momentum if `None`. So are the ranges of values that are rounded, after the batch.
fn run(
    workers: &WorkerPool,
    segments: &[Segment],
    groups: &[RwLock<Group>],
    pass: &Pass,
    batch: &Batch,
    loss: &BatchLoss,
    (running, share): (&mut [f32], Option<f64>),
) {
    let (stages, parameters) = (&pass.program.stages, pass.parameters);
    let quantized: Vec<_> = stages
        .iter()
        .enumerate()
        .filter_map(|(i, stage)| match &stage.kind {
            Kind::Quantize(quantize) => Some((i, quantize)),
            _ => None,
        })
        .collect();
    quantized.iter().for_each(|(_, quantize)| quantize.use_running_range(running));
    let running = Mutex::new(running);
    workers.run(groups.len().max(stages.len()), |worker| {
        worker.each(stages.len(), |i| stages[i].kind.op().prepare(parameters, None));
        worker.synchronize(|| {});
        for Segment { parts, reduction } in segments {
            worker.each(groups.len(), |g| {
                let mut group = write(&groups[g]);
                for &part in parts {
                    group.run(part, pass, batch, g, loss);
                }
            });
            let &Some(reduction) = reduction else { continue };
            worker.synchronize(|| {
                let groups: Vec<_> = groups.iter().map(read).collect();
                match reduction {
                    Reduction::Statistics(i) => {
                        let Some(norm) = stages[i].kind.norm() else { return };
                        let groups = groups
                            .iter()
                            .map(|group| (group.images, group.workspaces[i].statistics.as_slice()));
                        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                        norm.combine_statistics(groups, parameters, &mut running, share);
                    }
                    Reduction::Sums(i) => {
                        let Some(norm) = stages[i].kind.norm() else { return };
                        let sums = groups.iter().map(|group| group.workspaces[i].sums.as_slice());
                        norm.combine_sums(sums, batch.len());
                    }
                }
            });
        }
    });
    let running = running.into_inner().unwrap_or_else(PoisonError::into_inner);
    let groups: Vec<_> = groups.iter().map(read).collect();
    for (i, quantize) in quantized {
        quantize.blend(groups.iter().map(|group| group.workspaces[i].range), running, share);
    }
}

/// Returns how each parameter is updated, in the order of the plan.
fn shares(plan: &Plan, program: &Program, training: &Training) -> Vec<ParameterShares> {
    let unshared = |(planned, &frozen): (&ParameterPlan, &bool)| ParameterShares {
        count: planned.range.len(),
        decay: training.optimizer.decay_of(planned),
        frozen,
        terms: vec![],
    };
    let mut shares: Vec<_> = plan.parameters.iter().zip(&training.frozen).map(unshared).collect();
    for (stage, share) in program
        .stages
        .iter()
        .enumerate()
        .flat_map(|(i, stage)| stage.kind.op().shares().into_iter().map(move |share| (i, share)))
    {
        let parameter = plan.parameters.iter().position(|planned| planned.range == share.parameters);
        if let Some(parameter) = parameter {
            shares[parameter].terms.push(Term { stage, source: share.source });
        }
    }
    shares
}

fn read(group: &RwLock<Group>) -> RwLockReadGuard<'_, Group> {
    group.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(group: &RwLock<Group>) -> RwLockWriteGuard<'_, Group> {
    group.write().unwrap_or_else(PoisonError::into_inner)
}
