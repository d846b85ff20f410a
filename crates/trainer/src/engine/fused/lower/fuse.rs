use std::mem::take;

use super::Program;
use crate::engine::fused::ops::{Activate, Kind};

/// Rewrites that let one stage do the work of several.
impl Program {
    /// Removes a flattening at the end: the order in memory is the same.
    pub(super) fn drop_last_flatten(&mut self) {
        while let Some(last) = self.stages.pop_if(|stage| matches!(stage.kind, Kind::Copy(_))) {
            self.output = last.inputs[0];
        }
    }

    /// Gathers a norm and the ReLU that alone reads its output into one stage.
    pub(super) fn fuse_activations(&mut self) {
        self.fuse(|first, second| match (first, second) {
            (Kind::Normalise(normalise), Kind::Activate(activate)) if activate.norm.is_none() => {
                activate.norm = Some(take(&mut normalise.norm));
                true
            }
            _ => false,
        });
    }

    /// Gathers a ReLU and the dropout that alone reads its output into one stage.
    pub(super) fn fuse_dropouts(&mut self) {
        self.fuse(|first, second| match (first, &*second) {
            (Kind::Activate(activate), &Kind::Dropout(dropout)) if activate.dropout.is_none() => {
                let (norm, dropout) = (activate.norm.take(), Some(dropout));
                *second = Kind::Activate(Activate { norm, dropout, pools: false });
                true
            }
            _ => false,
        });
    }

    /// Gathers an activation and the max pool over windows of 2 x 2 that alone reads its output into one stage, so that
    /// neither the pool's input nor the gradient of it is ever written.
    pub(super) fn fuse_pools(&mut self) {
        self.fuse(|first, second| match (first, &*second) {
            (Kind::Activate(activate), Kind::MaxPool(pool)) if !activate.pools && pool.halves() => {
                let (norm, dropout) = (activate.norm.take(), activate.dropout);
                *second = Kind::Activate(Activate { norm, dropout, pools: true });
                true
            }
            _ => false,
        });
    }

    /// Removes each stage whose work `fused` moves into the one that alone reads its output.
    fn fuse(&mut self, fused: impl Fn(&mut Kind, &mut Kind) -> bool) {
        let mut first = 0;
        while first < self.stages.len() {
            // The reader stays in its place, since its other inputs may come after the first stage.
            if let Some(second) = self.only_reader(self.stages[first].output)
                && let Ok([stage, reader]) = self.stages.get_disjoint_mut([first, second])
                && fused(&mut stage.kind, &mut reader.kind)
            {
                reader.inputs = take(&mut stage.inputs);
                self.stages.remove(first);
            } else {
                first += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{kinds, plan};
    use super::*;

    fn lowered(body: &str, order: &str, head: &str) -> Program {
        let block = format!(r#"{{"order": {order}, "bias": false, "norm": "batch", "dropout": 0.1}}"#);
        Program::new(&plan(6, &block, body, head), true).unwrap()
    }

    const USUAL: &str = r#"["conv", "norm", "relu", "dropout"]"#;
    const BLOCK: &str = r#"{"kind": "block", "channels": 3, "kernel": 1, "padding": 0}"#;
    const LAST: &str = r#"{"kind": "conv", "channels": 2, "kernel": 3, "padding": 0, "bias": true}"#;

    #[test]
    fn norm_relu_dropout_and_pool_behind_a_convolution_are_one_stage() {
        let program = lowered(&format!(r#"[{BLOCK}, {{"kind": "max-pool", "kernel": 2}}]"#), USUAL, LAST);
        assert_eq!(kinds(&program), ["conv", "norm + relu + dropout + max pool", "conv"]);
    }

    #[test]
    fn a_pool_behind_a_pool_is_a_stage_of_its_own() {
        let pools = r#"{"kind": "max-pool", "kernel": 2}, {"kind": "max-pool", "kernel": 2}"#;
        let last = LAST.replace(r#""kernel": 3"#, r#""kernel": 1"#);
        let program = lowered(&format!("[{BLOCK}, {pools}]"), USUAL, &last);
        assert_eq!(kinds(&program), ["conv", "norm + relu + dropout + max pool", "max pool", "conv"]);
    }

    #[test]
    fn an_activation_before_other_pools_is_a_stage_of_its_own() {
        for pool in [r#"{"kind": "max-pool", "kernel": 3}"#, r#"{"kind": "average-pool", "kernel": 2}"#] {
            let last = r#"{"kind": "conv", "channels": 2, "kernel": 2, "padding": 0, "bias": true}"#;
            let last = if pool.contains("max") { last } else { LAST };
            let program = lowered(&format!("[{BLOCK}, {pool}]"), USUAL, last);
            assert_eq!(kinds(&program)[1], "norm + relu + dropout");
        }
    }

    #[test]
    fn parts_in_another_order_are_stages_of_their_own() {
        let last = LAST.replace(r#""kernel": 3"#, r#""kernel": 6"#);
        let program = lowered(&format!("[{BLOCK}]"), r#"["relu", "norm", "dropout", "conv"]"#, &last);
        assert_eq!(kinds(&program), ["relu", "norm", "dropout", "conv", "conv"]);
    }

    #[test]
    fn a_flattening_is_a_copy_but_at_the_end() {
        let flatten = r#"{"kind": "flatten"}"#;
        let last = r#"{"kind": "conv", "channels": 2, "kernel": 1, "padding": 0, "bias": true}"#;
        let program = lowered(&format!("[{BLOCK}, {flatten}]"), USUAL, &format!("{last}, {flatten}"));
        assert_eq!(kinds(&program), ["conv", "norm + relu + dropout", "copy", "conv"]);
    }
}
