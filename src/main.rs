//! The `nestctl` binary: everything is in the library.

fn main() -> std::process::ExitCode {
    nestctl::cli::program::run()
}
