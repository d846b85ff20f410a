//! One failed allocation, at any place: the call that met it fails, and the next one gives the right bits.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::process::{Command, exit};
use std::ptr::null_mut;

use common::{Inputs, final_net, of_net, request, standing, trained_state};
use stepladder_trainer::engine::{Engine, Fused, Isa};
use stepladder_trainer::net::{LayerSpec, Plan};
use stepladder_trainer::{Model, TrainError};

/// The system's allocator, except that one allocation of a thread can be made to fail.
struct Failing;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

thread_local! {
    /// Allocations of this thread before the one that fails; none fails without a number.
    static BEFORE_FAILURE: Cell<Option<usize>> = const { Cell::new(None) };
}

// SAFETY: passes every call on to the system's allocator, or reports that there is no memory, as any allocator may.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let before = BEFORE_FAILURE.get();
        BEFORE_FAILURE.set(before.and_then(|before| before.checked_sub(1)));
        // SAFETY: the caller's promise.
        if before == Some(0) { null_mut() } else { unsafe { System.alloc(layout) } }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// The environment variable that says which allocation fails in a child process.
const FAILING: &str = "STEPLADDER_TEST_FAILING_ALLOCATION";

/// Exit codes of a child process; a panic gives 101, and a failure where no error can be returned aborts.
const RIGHT_AFTER_ERROR: i32 = 70;
const RIGHT_WITHOUT_ERROR: i32 = 71;
const NOTHING_FAILED: i32 = 72;

/// Fails each allocation of `call` in turn, in a process of its own, and asserts that `check` holds afterwards. `test`
/// is the name of the calling test. Some of the failures must have been returned as errors.
fn fail_each_allocation<State>(
    test: &str,
    state: impl FnOnce() -> State,
    call: impl FnOnce(&mut State) -> Result<(), TrainError>,
    check: impl FnOnce(&mut State),
) {
    if let Ok(failing) = std::env::var(FAILING) {
        let mut state = state();
        BEFORE_FAILURE.set(Some(failing.parse().unwrap()));
        let outcome = call(&mut state);
        if BEFORE_FAILURE.take().is_some() {
            exit(NOTHING_FAILED);
        }
        assert!(matches!(outcome, Ok(()) | Err(TrainError::Memory { .. })), "{outcome:?}");
        check(&mut state);
        exit(if outcome.is_err() { RIGHT_AFTER_ERROR } else { RIGHT_WITHOUT_ERROR });
    }
    let mut errors = 0;
    for failing in 0.. {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["--exact", test, "--nocapture"]).env(FAILING, failing.to_string());
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(RIGHT_AFTER_ERROR) => errors += 1,
            Some(RIGHT_WITHOUT_ERROR) => {}
            Some(NOTHING_FAILED) => break,
            _ if said.contains("memory allocation of") => {} // a small list: the process ends
            code => panic!("allocation {failing}: exit code {code:?}\n{said}"),
        }
    }
    assert!(errors > 0, "no failed allocation was returned as an error");
}

#[test]
fn a_model_predicts_the_same_after_any_failed_allocation() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples");
    let images = std::fs::read(samples.join("squares/t10k-images-idx3-ubyte")).unwrap();
    let load = || Model::load(&samples.join("format-2/model.safetensors")).unwrap();
    fail_each_allocation(
        "a_model_predicts_the_same_after_any_failed_allocation",
        load,
        |model| model.predict(&images[16..]).map(drop),
        |model| {
            let expected = load().predict(&images[16..]).unwrap();
            assert!(model.predict(&images[16..]).unwrap() == expected, "a wrong prediction");
        },
    );
}

#[test]
fn an_image_is_predicted_the_same_after_any_failed_allocation() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test/samples");
    let images = std::fs::read(samples.join("squares/t10k-images-idx3-ubyte")).unwrap();
    let load = || Model::load(&samples.join("format-2/model.safetensors")).unwrap();
    let net = load().net().clone();
    let image = &images[16..][..net.channels * net.size * net.size];
    fail_each_allocation(
        "an_image_is_predicted_the_same_after_any_failed_allocation",
        load,
        |model| model.predict(image).map(drop),
        |model| {
            assert!(model.predict(image).unwrap() == load().predict(image).unwrap(), "a wrong prediction")
        },
    );
}

#[test]
fn a_step_that_failed_for_memory_moved_nothing_and_can_be_taken_again() {
    let mut net = final_net();
    (net.size, net.classes) = (7, 3);
    net.body = vec![LayerSpec::block(4, 3, 1)];
    net.head = vec![LayerSpec::conv(3, 7, 0, true)];
    let plan = Plan::of(&net).unwrap();
    let experiment = of_net(&net, 0.1);
    let inputs = Inputs::random(&net, 40, 3);
    let start =
        || Fused::start(&request(&experiment, &plan, 1), trained_state(&plan, 3), Isa::best()).unwrap();
    let step = |engine: &mut Fused| engine.step(&inputs.batch(), &standing(3));
    fail_each_allocation(
        "a_step_that_failed_for_memory_moved_nothing_and_can_be_taken_again",
        || (start(), false),
        |(engine, failed)| {
            let outcome = step(engine);
            *failed = outcome.is_err();
            outcome.map(drop)
        },
        |(engine, failed)| {
            let mut unbroken = start();
            let score = step(&mut unbroken).unwrap();
            if *failed {
                assert_eq!(engine.weights(), start().weights());
                assert_eq!(step(engine).unwrap(), score);
            }
            assert_eq!(engine.gradients(), unbroken.gradients());
            assert_eq!(engine.weights(), unbroken.weights());
        },
    );
}
