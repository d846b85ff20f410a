/// An instruction set that this CPU has: only [`available`](Self::available) makes one, after asking the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    /// Returns the fastest one that this CPU has.
    #[must_use]
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// Returns all that this CPU has, the fastest first. The portable path is always there.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut found = vec![];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Self(Kind::Avx2));
                if is_x86_feature_detected!("avx512f") {
                    found.insert(0, Self(Kind::Avx512));
                }
            }
        }
        found.push(Self(Kind::Portable));
        found
    }

    /// Returns which one it is, which proves that this CPU has it.
    #[inline]
    pub(crate) fn kind(self) -> Kind {
        self.0
    }

    /// Returns the instruction set of a name; `None` if this CPU lacks it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|isa| isa.name() == name)
    }

    /// Returns `avx512`, `avx2` or `portable`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }
}

/// Declares a kernel: a function that runs `body`, compiled once for each instruction set.
macro_rules! kernel {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:ident) => {
        $(#[$doc])*
        $visibility fn $name(isa: $crate::isa::Isa, $($argument: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($argument: $type),*) $(-> $result)? {
                // SAFETY: this function runs only where the CPU has the features that it enables.
                let simd = unsafe { $crate::vector::Simd::<$crate::vector::Avx512>::assume() };
                $body(simd, $($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) $(-> $result)? {
                // SAFETY: likewise.
                let simd = unsafe { $crate::vector::Simd::<$crate::vector::Avx2>::assume() };
                $body(simd, $($argument),*)
            }
            match isa.kind() {
                // SAFETY: an `Isa` of this kind is made only where the CPU has these instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Kind::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: likewise.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Kind::Avx2 => unsafe { avx2($($argument),*) },
                $crate::isa::Kind::Portable => $body($crate::vector::Simd::portable(), $($argument),*),
            }
        }
    };
}
pub(crate) use kernel;
