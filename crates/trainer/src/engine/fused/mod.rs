//! The CPU engine: SIMD kernels over plain memory, forward and backward, without a graph.
//!
//! A batch is a list of groups of 16 images, the last perhaps not full. Threads take groups; values of the whole
//! batch (a norm's statistics, the gradients of weights) are summed group by group in their order. So a run gives the
//! same bits for any number of threads and on any CPU.

mod group;
mod norm;
mod stage;
mod worker_pool;

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use stepladder_kernels::{Isa, LANES};

use self::group::{Group, Pass};
use self::stage::{Stage, stages};
use self::worker_pool::WorkerPool;
use super::{Device, Engine, EngineName, NORM_MOMENTUM, Request, Step};
use crate::TrainError;
use crate::alloc::{check_available, zeros};
use crate::data::Batch;
use crate::metric::Score;
use crate::net::{Plan, Weights};
use crate::optim::{Averages, Averaging, Optimizer};
use crate::training_state::{TrainingState, WeightSet};

/// The CPU engine.
pub struct Fused {
    isa: Isa,
    workers: WorkerPool,
    stages: Vec<Stage>,
    program: Vec<Segment>,
    groups: Vec<RwLock<Group>>,
    state: TrainingState,
    /// The weights that [`logits`](Engine::logits) has packed into the stages.
    prepared: Option<WeightSet>,
    /// `None` if it was started for evaluation only.
    training: Option<Training>,
}

/// Settings and gradients of training.
struct Training {
    optimizer: Optimizer,
    averaging: Option<Averaging>,
    label_smoothing: f64,
    /// Of all parameters, in the last step.
    gradients: Vec<f32>,
}

/// Work that groups do independently, and the reduction over all groups that ends it.
#[derive(Default)]
struct Segment {
    parts: Vec<Part>,
    reduction: Option<Reduction>,
}

/// An operation on a single group, by the index of a stage.
#[derive(Clone, Copy)]
enum Part {
    Load,
    Forward(usize),
    /// The statistics of a norm's input.
    Measure(usize),
    Loss,
    /// The sums that a norm's gradient needs.
    Sum(usize),
    Backward(usize),
}

/// A reduction over all groups by one thread, by the index of a norm's stage.
#[derive(Clone, Copy)]
enum Reduction {
    Statistics(usize),
    Sums(usize),
}

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
            averaging: experiment.averaging,
            label_smoothing: experiment.label_smoothing,
            gradients: zeros(plan.parameter_count())?,
        };
        // More threads than groups would be idle.
        let threads = threads.min(experiment.batch_size.div_ceil(LANES));
        Self::new(plan, state, Some(training), threads, isa)
    }

    /// Makes an engine for evaluation only, on the calling thread.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn for_evaluation(plan: &Plan, state: TrainingState, isa: Isa) -> Result<Self, TrainError> {
        Self::new(plan, state, None, 1, isa)
    }

    fn new(
        plan: &Plan,
        state: TrainingState,
        training: Option<Training>,
        threads: usize,
        isa: Isa,
    ) -> Result<Self, TrainError> {
        let stages = stages(plan, training.is_some())?;
        let program = program(&stages);
        let workers = WorkerPool::new(threads)?;
        Ok(Self { isa, workers, stages, program, groups: vec![], state, prepared: None, training })
    }

    /// Returns the weights of the last step.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.state.weights
    }

    /// Returns the gradients of the last step's loss, one per parameter; empty if it was started for evaluation only.
    #[must_use]
    pub fn gradients(&self) -> &[f32] {
        self.training.as_ref().map_or(&[], |training| &training.gradients)
    }

    /// Allocates groups until there are `count`.
    fn ensure_groups(&mut self, count: usize) -> Result<(), TrainError> {
        let missing = count.saturating_sub(self.groups.len());
        for i in 0..missing {
            let group = Group::new(&self.stages, self.training.is_some(), self.isa)?;
            if i == 0 && missing > 1 {
                check_available((missing - 1).saturating_mul(group.bytes()))?;
            }
            self.groups.push(RwLock::new(group));
        }
        Ok(())
    }

    /// Runs forward and backward: leaves each group's share of every gradient in its workspace, and updates the running
    /// statistics.
    fn forward_and_backward(&mut self, batch: &Batch, at: &Step, smoothing: f64) -> Score {
        let Self { isa, workers, stages, program, groups, state, .. } = self;
        let Weights { parameters, statistics } = &mut state.weights;
        let pass = Pass { isa: *isa, stages, parameters, batch, dropout: Some(at.dropout) };
        let groups = &groups[..batch.len().div_ceil(LANES)];
        run(workers, program, groups, &pass, smoothing, (statistics, NORM_MOMENTUM));

        let mut score = Score { total: batch.len(), ..Score::default() };
        for group in groups {
            let group = read(group);
            score.loss_sum += group.loss;
            score.correct += group.correct;
        }
        score
    }

    /// Sums the groups' gradients in their order, whichever thread computed them, and updates parameters and averages.
    fn update(&mut self, groups: usize, at: &Step) {
        let Self { workers, stages, groups: all, state, training: Some(training), .. } = self else { return };
        let groups: Vec<_> = all[..groups].iter().map(read).collect();
        let TrainingState { weights, velocities, averages } = state;
        let share = training.averaging.zip(averages.as_ref());
        let share = share.map(|(averaging, averages)| averaging.share(averages.steps));

        // Every parameter belongs to a stage, and stages have theirs in the order of the plan.
        let mut tasks: Vec<Task> = vec![];
        let mut rest = Rest {
            gradients: &mut training.gradients,
            parameters: &mut weights.parameters,
            velocities,
            averages: averages.as_mut().map(|averages| averages.weights.parameters.as_mut_slice()),
        };
        for (i, stage) in stages.iter().enumerate() {
            match (stage.norm(), stage.conv()) {
                (Some(norm), _) => {
                    let state = norm.state();
                    for list in [&state.weight_gradient, &state.bias_gradient] {
                        let numbers = rest.take(list.len());
                        numbers.gradients.copy_from_slice(list);
                        tasks.push(Task { numbers, parts: vec![] });
                    }
                }
                (_, Some(conv)) => {
                    let mut add = |count: usize, part: fn(&group::Workspace) -> &[f32]| {
                        for start in (0..count).step_by(PARAMETERS_AT_ONCE) {
                            let numbers = rest.take(PARAMETERS_AT_ONCE.min(count - start));
                            let count = numbers.gradients.len();
                            let parts = groups
                                .iter()
                                .map(|group| &part(&group.stages[i])[start..][..count])
                                .collect();
                            tasks.push(Task { numbers, parts });
                        }
                    };
                    add(conv.weight.range.len(), |workspace| &workspace.weights);
                    add(conv.bias.as_ref().map_or(0, |bias| bias.range.len()), |workspace| &workspace.bias);
                }
                _ => {}
            }
        }
        let optimizer = training.optimizer;
        workers.each(tasks, |Task { numbers, parts }| {
            let Rest { gradients, parameters, velocities, averages } = numbers;
            if !parts.is_empty() {
                gradients.fill(0.0);
            }
            for part in parts {
                for (sum, part) in gradients.iter_mut().zip(part) {
                    *sum += part;
                }
            }
            optimizer.step(parameters, gradients, velocities, at.learning_rate, at.momentum);
            if let Some((averages, share)) = averages.zip(share) {
                Averages::blend(averages, parameters, share);
            }
        });
        if let Some((averages, share)) = averages.as_mut().zip(share) {
            Averages::blend(&mut averages.weights.statistics, &weights.statistics, share);
            averages.steps += 1;
        }
    }
}

/// A range of parameters with their gradients, velocities and averages.
struct Rest<'a> {
    gradients: &'a mut [f32],
    parameters: &'a mut [f32],
    velocities: &'a mut [f32],
    averages: Option<&'a mut [f32]>,
}

impl<'a> Rest<'a> {
    /// Splits off the first `count`.
    fn take(&mut self, count: usize) -> Rest<'a> {
        let cut = |list: &mut &'a mut [f32]| list.split_off_mut(..count).unwrap_or_default();
        Rest {
            gradients: cut(&mut self.gradients),
            parameters: cut(&mut self.parameters),
            velocities: cut(&mut self.velocities),
            averages: self.averages.as_mut().map(cut),
        }
    }
}

/// Parameters to update by the sum of the groups' shares; by the gradients as they are if there are no shares.
struct Task<'a> {
    numbers: Rest<'a>,
    parts: Vec<&'a [f32]>,
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
        let Some(smoothing) = self.training.as_ref().map(|training| training.label_smoothing) else {
            return Err(TrainError::Internal("this engine was started for evaluation only".into()));
        };
        let groups = batch.len().div_ceil(LANES);
        self.ensure_groups(groups)?;
        self.prepared = None;
        let score = self.forward_and_backward(batch, at, smoothing);
        self.update(groups, at);
        Ok(score)
    }

    fn blend_statistics(&mut self, batch: &Batch, share: f64) -> Result<(), TrainError> {
        let groups = batch.len().div_ceil(LANES);
        self.ensure_groups(groups)?;
        self.prepared = None;
        let Self { isa, workers, stages, program, groups: all, state, .. } = self;
        let Weights { parameters, statistics } = state.of_mut(WeightSet::Evaluation);
        let pass = Pass { isa: *isa, stages, parameters, batch, dropout: None };
        // The segments before the loss: each ends with the statistics of a norm.
        let forward =
            program.partition_point(|segment| matches!(segment.reduction, Some(Reduction::Statistics(_))));
        run(workers, &program[..forward], &all[..groups], &pass, 0.0, (statistics, share));
        Ok(())
    }

    fn logits(&mut self, of: WeightSet, batch: &Batch) -> Result<Vec<f32>, TrainError> {
        self.ensure_groups(self.workers.threads())?;
        let Self { isa, workers, stages, groups, state, prepared, .. } = self;
        let Weights { parameters, statistics } = state.of(of);
        // Set again at the end: after an error or a panic the stages may be packed in part.
        let is_prepared = prepared.take() == Some(of);
        let classes = stages.last().map_or(0, |stage| stage.output.len());
        let mut logits = zeros(batch.len() * classes)?;
        let parts: Vec<Mutex<&mut [f32]>> = logits.chunks_mut(LANES * classes).map(Mutex::new).collect();
        let pass = Pass { isa: *isa, stages, parameters, batch, dropout: None };

        workers.run(parts.len().max(stages.len()), |worker| {
            if !is_prepared {
                worker.each(stages.len(), |i| {
                    pack(&stages[i], parameters, false);
                    if let Some(norm) = stages[i].norm() {
                        norm.use_running_statistics(parameters, statistics);
                    }
                });
                worker.synchronize(|| {});
            }
            // No group waits for another: each thread uses a single one, which stays in its cache.
            let mut group = write(&groups[worker.index]);
            worker.each(parts.len(), |g| {
                group.load(batch, g, stages[0].input);
                (0..stages.len()).for_each(|i| group.forward(&pass, i));
                let Some(made) = group.stages.last() else { return };
                let mut part = parts[g].lock().unwrap_or_else(PoisonError::into_inner);
                for (lane, row) in part.chunks_exact_mut(classes).enumerate() {
                    for (logit, lanes) in row.iter_mut().zip(&made.output) {
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

/// Runs segments of the program on a batch, in training mode: norms use the batch's statistics and blend a share of them into the
/// running ones.
fn run(
    workers: &WorkerPool,
    segments: &[Segment],
    groups: &[RwLock<Group>],
    pass: &Pass,
    smoothing: f64,
    (running, share): (&mut [f32], f64),
) {
    let &Pass { stages, parameters, batch, .. } = pass;
    let running = Mutex::new(running);
    workers.run(groups.len().max(stages.len()), |worker| {
        worker.each(stages.len(), |i| pack(&stages[i], parameters, true));
        worker.synchronize(|| {});
        for segment in segments {
            worker.each(groups.len(), |g| {
                let mut group = write(&groups[g]);
                for &part in &segment.parts {
                    match part {
                        Part::Load => group.load(batch, g, stages[0].input),
                        Part::Measure(i) => group.measure(pass, i),
                        Part::Forward(i) => group.forward(pass, i),
                        Part::Loss => group.compute_loss(pass, g, smoothing),
                        Part::Sum(i) => group.sum(pass, i),
                        Part::Backward(i) => group.backward(pass, i),
                    }
                }
            });
            let Some(reduction) = segment.reduction else { continue };
            worker.synchronize(|| {
                let groups: Vec<_> = groups.iter().map(read).collect();
                match reduction {
                    Reduction::Statistics(i) => {
                        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                        combine_statistics(pass, i, &groups, &mut running, share);
                    }
                    Reduction::Sums(i) => combine_sums(stages, i, &groups, batch.len()),
                }
            });
        }
    });
}

/// Returns the program of a training pass: norms end segments, since they need all groups.
fn program(stages: &[Stage]) -> Vec<Segment> {
    let mut segments = vec![Segment { parts: vec![Part::Load], reduction: None }];
    let mut add = |parts: &[Part], reduction: Option<Reduction>| {
        if let Some(segment) = segments.last_mut() {
            segment.parts.extend(parts);
            segment.reduction = reduction;
        }
        if reduction.is_some() {
            segments.push(Segment::default());
        }
    };
    for (i, stage) in stages.iter().enumerate() {
        if stage.norm().is_some() {
            add(&[Part::Measure(i)], Some(Reduction::Statistics(i)));
        }
        add(&[Part::Forward(i)], None);
    }
    add(&[Part::Loss], None);
    for (i, stage) in stages.iter().enumerate().rev() {
        if stage.norm().is_some() {
            add(&[Part::Sum(i)], Some(Reduction::Sums(i)));
        }
        add(&[Part::Backward(i)], None);
    }
    segments
}

fn pack(stage: &Stage, parameters: &[f32], backward_too: bool) {
    if let Some(conv) = stage.conv() {
        conv.pack(parameters, backward_too);
    }
}

fn combine_statistics(
    pass: &Pass,
    place: usize,
    groups: &[RwLockReadGuard<Group>],
    running: &mut [f32],
    share: f64,
) {
    let &Pass { stages, parameters, .. } = pass;
    let pixels = stages[place].pixels();
    if let Some(norm) = stages[place].norm() {
        let of_groups = groups
            .iter()
            .map(|group| ((pixels * group.images) as f64, group.stages[place].statistics.as_slice()));
        norm.combine_statistics(of_groups, parameters, running, share);
    }
}

fn combine_sums(stages: &[Stage], place: usize, groups: &[RwLockReadGuard<Group>], images: usize) {
    if let Some(norm) = stages[place].norm() {
        let of_groups = groups.iter().map(|group| group.stages[place].sums.as_slice());
        norm.combine_sums(of_groups, (stages[place].pixels() * images) as f64);
    }
}

fn read(group: &RwLock<Group>) -> RwLockReadGuard<'_, Group> {
    group.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(group: &RwLock<Group>) -> RwLockWriteGuard<'_, Group> {
    group.write().unwrap_or_else(PoisonError::into_inner)
}
