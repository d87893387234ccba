//! Bodies of requests, as JSON.
