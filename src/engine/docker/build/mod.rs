//! Builds through BuildKit's own API, on the engine's `/grpc`, with a session of ours on `/session` (moby
//! `api/server/router/{grpc,session}`), as buildx's `docker` driver does it.
//!
//! | file | owns |
//! |---|---|
//! | `message` | the messages that are spoken, with BuildKit's field numbers |
//! | `grpc` | calls and answers over HTTP/2 |
//! | `solve` | the request of a build, its course and its end |
//! | `gateway` | a question to the frontend that builds nothing: the check of a Dockerfile |
//! | `notes` | what the engine says of a running build, as facts |
//! | `session` | what the engine may ask of us while it builds: secrets, agents, credentials |
//! | `agent` | an agent for a key that the file names |
//! | `blame` | the line of the Dockerfile that failed |
//! | `sync` | the files of contexts, sent as the engine asks for them |
//! | `pattern` | which files `.dockerignore` leaves out |

mod agent;
mod blame;
mod gateway;
mod grpc;
mod message;
mod notes;
mod pattern;
mod session;
mod solve;
mod sync;
