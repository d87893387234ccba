//! What the integration tests share.

pub(crate) mod dice;
pub(crate) mod hand;
pub(crate) mod http;
pub(crate) mod lab;
pub(crate) mod program;
pub(crate) mod real_engine;
pub(crate) mod registry;
pub(crate) mod running;
pub(crate) mod terminal;
pub(crate) mod test_image;
pub(crate) mod turn;
