//! Small languages within texts: variables, `.env` files, command lines, durations, sizes.
//!
//! Pure functions from text to values; what is wrong comes back as words, the caller knows the place.

pub(crate) mod cidr;
pub(crate) mod dotenv;
pub(crate) mod duration;
pub(crate) mod interpolate;
pub(crate) mod mentions;
pub(crate) mod size;
pub(crate) mod words;
