//! A terminal with a program in it: what a person has, without a person.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

/// Longest wait for something to appear.
const LIMIT: Duration = Duration::from_secs(60);

/// A pseudo-terminal, the program that it controls, and what that has printed.
pub(crate) struct Terminal {
    keyboard: File,
    screen: OwnedFd,
    child: Child,
    printed: Arc<Mutex<String>>,
    before: Termios,
}

impl Terminal {
    /// Starts `command` on a new terminal of this size, which is its controlling terminal: a new size is told to
    /// it by a signal. `setsid` of util-linux does what safe Rust cannot between fork and exec.
    pub(crate) fn run(command: &Command, rows: u16, columns: u16) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&keyboard).expect("it is ours");
        unlockpt(&keyboard).expect("it can be opened");
        let name = ptsname(&keyboard, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let screen = rustix::fs::open(&name, flags, Mode::empty()).expect("its other side");
        let keyboard = File::from(keyboard);
        tcsetwinsize(&keyboard, size(rows, columns)).expect("it takes a size");
        let before = tcgetattr(&screen).expect("it is a terminal");

        let mut child = Command::new("setsid");
        child.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args()).env_clear();
        child.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        if let Some(directory) = command.get_current_dir() {
            child.current_dir(directory);
        }
        let side = || screen.try_clone().expect("a second handle");
        let child = child.stdin(side()).stdout(side()).stderr(side()).spawn().expect("setsid of util-linux");

        let printed = Arc::new(Mutex::new(String::new()));
        let mut reading = keyboard.try_clone().expect("a second handle");
        let seen = Arc::clone(&printed);
        // Ends by itself: the last handle of the other side goes with `Terminal`.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = reading.read(&mut buffer) {
                seen.lock().expect("no reader panics").push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        Self { keyboard, screen, child, printed, before }
    }

    /// Types this.
    pub(crate) fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).expect("the terminal takes keys");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        tcsetwinsize(&self.keyboard, size(rows, columns)).expect("it takes a size");
    }

    /// Waits until `text` was printed.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        let until = Instant::now() + LIMIT;
        while !self.printed().contains(text) {
            assert!(Instant::now() < until, "no `{text}` in:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// All that was printed so far.
    pub(crate) fn printed(&self) -> String {
        self.printed.lock().expect("no reader panics").clone()
    }

    /// Whether keys go to the program as they are: neither shown nor gathered into lines.
    pub(crate) fn is_raw(&self) -> bool {
        let now = tcgetattr(&self.screen).expect("it is a terminal").local_modes;
        !now.intersects(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Whether the terminal is as it was before the program started.
    pub(crate) fn is_as_before(&self) -> bool {
        let now = tcgetattr(&self.screen).expect("it is a terminal");
        now.input_modes == self.before.input_modes
            && now.output_modes == self.before.output_modes
            && now.control_modes == self.before.control_modes
            && now.local_modes == self.before.local_modes
    }

    /// Waits until the program has ended.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < until, "it does not end:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
