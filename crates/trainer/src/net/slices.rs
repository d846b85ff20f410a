use tch::{Device, Kind, Tensor};

/// The numbers of a tensor on the CPU.
///
/// # Panics
///
/// If the tensor is not a contiguous f32 tensor on the CPU.
pub(crate) fn slice(tensor: &Tensor) -> &[f32] {
    check(tensor);
    // SAFETY: `check` holds the tensor to `numel` f32 in one run of CPU memory, which lives as long as the tensor
    // is borrowed.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// The numbers of a tensor on the CPU, to change in place.
///
/// # Panics
///
/// If the tensor is not a contiguous f32 tensor on the CPU.
pub(crate) fn slice_mut(tensor: &mut Tensor) -> &mut [f32] {
    check(tensor);
    // SAFETY: as in `slice`; the trainer keeps no second handle to the memory of a tensor it changes.
    unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) }
}

fn check(tensor: &Tensor) {
    assert!(
        tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous(),
        "not a contiguous f32 tensor on the CPU: {tensor:?}"
    );
}
