use stepladder_kernels::LANES;

use super::lower::Program;
use super::ops::{Size, Stage, lane_bits_size};
use super::single::Layout;
use crate::TrainError;
use crate::net::{Plan, ValueId};
use crate::optim::Optimizer;

/// The most memory of a run or a model, in bytes: 16 GiB.
const MOST_BYTES: u128 = 16 << 30;

/// The memory of an engine in f32, which is [`Program::allocate`]'s to decide; small lists apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    /// Of the training state, the gradients, the numbers that kernels read in an order of their own, and a single image.
    pub shared: u128,
    /// Of each 16 images that are computed at the same time.
    pub group: u128,
}

impl Memory {
    /// Returns the memory of training with so many numbers of the optimizer for each parameter, or of evaluation if `None`.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if no memory could hold one of the net's values.
    pub fn of(plan: &Plan, slots: Option<usize>) -> Result<Self, TrainError> {
        let program = Program::new(plan, slots.is_some())?;
        let (parameters, statistics) = (plan.parameter_count() as u128, plan.statistics_count() as u128);
        let state = match slots {
            // Weights, averages and gradients, rounded weights, and the optimizer's.
            Some(slots) => {
                let rounded = u128::from(plan.quantize.is_some());
                (3 + slots as u128 + rounded) * parameters + 2 * statistics
            }
            // And the values of an image that is evaluated by itself.
            None => parameters + statistics + Layout::of(&program)?.size(),
        };
        let of_stages = program.stages.iter().map(|stage| program.size(stage).shared as u128);
        Ok(Self { shared: state + of_stages.sum::<u128>(), group: program.group_size() })
    }
}

impl Program {
    /// Returns the f32 of a group of 16 images.
    pub fn group_size(&self) -> u128 {
        let images = LANES * self.place(ValueId::IMAGES).frame.inner().len();
        let buffers = self.buffers.iter().map(|&pixels| LANES as u128 * pixels as u128);
        let workspaces = self.stages.iter().map(|stage| self.size(stage).group as u128);
        let marks = self.stages.iter().map(|stage| lane_bits_size(self.marked_values(stage)) as u128);
        images as u128 + buffers.chain(workspaces).chain(marks).sum::<u128>()
    }

    /// Returns the f32 that a stage needs, values and their gradients apart.
    fn size(&self, stage: &Stage) -> Size {
        stage.kind.op().size(self.training(stage))
    }
}

/// Returns the number of threads that have groups to work on: more of them would be idle.
pub(crate) fn useful_threads(threads: usize, batch_size: usize) -> usize {
    threads.min(batch_size.div_ceil(LANES))
}

/// Checks that training with a batch size stays within the memory that a run may have.
///
/// # Errors
///
/// [`TrainError::Setting`] with the largest batch size that is allowed, or naming the net if 16 images are too many.
pub(crate) fn check_training(
    plan: &Plan,
    optimizer: &Optimizer,
    batch_size: usize,
) -> Result<(), TrainError> {
    let memory = Memory::of(plan, Some(optimizer.slots().len())).map_err(|_| too_large(None))?;
    let most = most_images(&memory, 0);
    if batch_size as u128 <= most {
        return Ok(());
    }
    if most == 0 {
        return Err(too_large(Some(memory)));
    }
    let expected = format!("at most {most} for this net, which is what fits 16 GiB");
    Err(TrainError::setting("batchSize", expected, batch_size))
}

/// Checks that training stays within the memory that a run may have while a teacher is evaluated on so many threads.
///
/// # Errors
///
/// [`TrainError::Setting`] with the largest batch size that is allowed, or naming the teacher if 16 images are too many.
pub(crate) fn check_teacher(
    plan: &Plan,
    optimizer: &Optimizer,
    batch_size: usize,
    teacher: &Plan,
    threads: usize,
) -> Result<(), TrainError> {
    let memory = Memory::of(plan, Some(optimizer.slots().len())).map_err(|_| too_large(None))?;
    let Memory { shared, group } = Memory::of(teacher, None).map_err(|_| too_large(None))?;
    let of_teacher = shared + useful_threads(threads, batch_size) as u128 * group;
    let most = most_images(&memory, of_teacher);
    if batch_size as u128 <= most {
        return Ok(());
    }
    let needs = |bytes: u128| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    if most == 0 {
        let left = MOST_BYTES.saturating_sub(4 * (memory.shared + memory.group));
        let expected =
            format!("a model that fits the {} that 16 images of the net leave of 16 GiB", needs(left));
        let got = format!("one that needs {} on {threads} threads", needs(4 * of_teacher));
        return Err(TrainError::setting("loss.teacher.from", expected, got));
    }
    let expected = format!("at most {most} for this net and its teacher, which is what fits 16 GiB");
    Err(TrainError::setting("batchSize", expected, batch_size))
}

/// Returns the largest batch that fits the memory that a run may have, beside so many other f32.
fn most_images(memory: &Memory, others: u128) -> u128 {
    (MOST_BYTES / 4).saturating_sub(memory.shared + others) / memory.group * LANES as u128
}

/// Checks that evaluating 16 images stays within the memory that a run may have, and returns that memory in bytes.
///
/// # Errors
///
/// [`TrainError::Setting`] naming the net.
pub fn check_evaluation(plan: &Plan) -> Result<u64, TrainError> {
    let memory = Memory::of(plan, None).map_err(|_| too_large(None))?;
    let bytes = 4 * (memory.shared + memory.group);
    if bytes <= MOST_BYTES { Ok(bytes as u64) } else { Err(too_large(Some(memory))) }
}

fn too_large(memory: Option<Memory>) -> TrainError {
    let needs = memory.map_or("more than a computer can address".into(), |Memory { shared, group }| {
        format!("{} GiB", (4 * (shared + group)) >> 30)
    });
    TrainError::setting("net", "a net that fits 16 GiB with 16 images", format!("one that needs {needs}"))
}

#[cfg(test)]
mod tests {
    use stepladder_kernels::Isa;

    use super::super::group::Group;
    use super::*;

    #[test]
    fn the_memory_of_a_group_is_that_of_its_buffers() {
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples/squares");
        let experiment = std::fs::read_to_string(samples.join("experiment.json")).unwrap();
        let experiment: crate::Experiment = serde_json::from_str(&experiment).unwrap();
        let plan = Plan::of(&experiment.net).unwrap();
        for training in [true, false] {
            let program = Program::new(&plan, training).unwrap();
            let bytes = Group::new(&program, Isa::best(), None).unwrap().bytes() as u128;
            assert_eq!(bytes, 4 * program.group_size());
            assert_eq!(bytes, 4 * Memory::of(&plan, training.then_some(1)).unwrap().group);
        }
    }

    #[test]
    fn the_largest_batch_is_the_one_that_fits() {
        let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples/squares");
        let experiment = std::fs::read_to_string(samples.join("experiment.json")).unwrap();
        let mut experiment: crate::Experiment = serde_json::from_str(&experiment).unwrap();
        experiment.net.size = 1024;
        experiment.net.head.insert(0, crate::net::LayerSpec::average_pool(128));
        let plan = Plan::of(&experiment.net).unwrap();
        let Memory { shared, group } = Memory::of(&plan, Some(experiment.optimizer.slots().len())).unwrap();
        let groups = (MOST_BYTES / 4 - shared) / group;
        let most = 16 * groups as usize;
        assert!(check_training(&plan, &experiment.optimizer, most).is_ok());
        let error = check_training(&plan, &experiment.optimizer, most + 1).unwrap_err().to_string();
        assert!(error.contains(&format!("`batchSize` should be at most {most} for this net")), "{error}");

        let evaluation = Memory::of(&plan, None).unwrap();
        let check =
            |batch_size, threads| check_teacher(&plan, &experiment.optimizer, batch_size, &plan, threads);
        for threads in [1, 2] {
            let of_teacher = evaluation.shared + threads as u128 * evaluation.group;
            let most = 16 * ((MOST_BYTES / 4 - shared - of_teacher) / group) as usize;
            assert!(check(most, threads).is_ok());
            let error = check(most + 1, threads).unwrap_err().to_string();
            assert!(error.contains(&format!("at most {most} for this net and its teacher")), "{error}");
        }
        let error = check(16 * 1024, 1024).unwrap_err().to_string();
        assert!(error.starts_with("`loss.teacher.from` should be a model that fits the "), "{error}");
    }
}
