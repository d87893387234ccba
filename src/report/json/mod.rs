//! Machine output: mirror types, versioned apart from the model. A field is never renamed or removed within `v1`.

pub mod convert;
pub mod event;
pub mod inside;
pub mod timings;
pub mod v1;
