//! One run at a time on a lab, among those of one user on one machine: an advisory lock on a file of the user's. The
//! kernel gives it back however its holder ends. What changes nothing (`ps`, `logs`, `exec`, `plan`) takes none.
//!
//! Runs on several machines have no file in common; they find out by what the engine answers (`executor::dispatcher::again`).

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::name::ProjectName;
use crate::spec::files::Vars;

use super::error::OpError;

/// How often a held lock is tried.
const AGAIN: Duration = Duration::from_millis(100);

/// How a lock is taken.
#[derive(Clone)]
pub struct LockOptions {
    /// Where the files of locks are; `None`: the user has no such place, and nothing is locked.
    pub directory: Option<PathBuf>,
    /// What runs, as it was typed: who waits is told.
    pub command: String,
    /// Told before it is waited.
    pub told: Arc<dyn Fn(&Notice) + Send + Sync>,
}

/// What there is to tell of a lock.
#[derive(Debug)]
pub enum Notice {
    /// Another run has it and is waited for.
    HeldBy(Holder),
    /// It cannot be taken for want of a file: the run goes on without.
    Unavailable(PathBuf, io::Error),
}

/// Who has a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process, where the file says it.
    pub pid: Option<u32>,
    /// What it runs.
    pub command: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, self.command.as_str()) {
            (Some(pid), "") => write!(f, "process {pid}"),
            (Some(pid), command) => write!(f, "`{command}` (process {pid})"),
            // It has the lock and has not written yet, or has died with the file half written.
            (None, _) => f.write_str("another nestctl"),
        }
    }
}

/// The right to change a lab, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    /// Holds the kernel's lock.
    _file: File,
    path: PathBuf,
    /// Whether who had it before was killed: only who ends by itself takes the file along. What such a run asked of an
    /// engine last may still be under way.
    pub(super) follows_a_killed_run: bool,
}

impl Drop for Lock {
    /// The file goes while the lock is still held: who waits for it notices, and takes a new one.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Where the files of locks are: `nestctl/locks` below `XDG_STATE_HOME`, else below `~/.local/state`. Not the runtime
/// directory, which a session has and a job of cron has not: both must come to the same file.
pub fn directory(vars: &Vars) -> Option<PathBuf> {
    let set = |name: &str| vars.get(name).filter(|value| value.starts_with('/')).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    Some(state?.join("nestctl/locks"))
}

/// Takes the lock of a lab on a root engine. `None`: there is no place for it.
///
/// # Errors
/// [`OpError::Held`] when another run still has it after `patience`.
pub async fn take(
    options: &LockOptions,
    patience: Duration,
    project: &ProjectName,
    root_id: &str,
) -> Result<Option<Lock>, OpError> {
    let Some(directory) = &options.directory else { return Ok(None) };
    let path = directory.join(file_name(project, root_id));
    let began = Instant::now();
    let mut told = false;
    loop {
        let holder = match attempt(&path, &options.command) {
            Ok(Attempt::Taken(lock)) => return Ok(Some(lock)),
            Ok(Attempt::Gone) => continue,
            Ok(Attempt::Held(holder)) => holder,
            Err(error) => {
                (options.told)(&Notice::Unavailable(path, error));
                return Ok(None);
            }
        };
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            let waited = if told { patience } else { Duration::ZERO };
            return Err(OpError::Held { project: project.to_string(), holder, waited });
        }
        if !told {
            (options.told)(&Notice::HeldBy(holder));
            told = true;
        }
        tokio::time::sleep(AGAIN.min(left)).await;
    }
}

/// Whether a run has the lock of a lab. Looks only; without a file of it nobody has.
pub(super) fn is_held(directory: &Path, project: &ProjectName, root_id: &str) -> bool {
    let held = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    File::open(directory.join(file_name(project, root_id))).is_ok_and(held)
}

/// Engines' IDs are what an engine likes.
pub(super) fn file_name(project: &ProjectName, root_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let root: String = root_id.chars().take(64).map(plain).collect();
    format!("{project}.{root}.lock")
}

/// What came of trying to take a lock.
enum Attempt {
    Taken(Lock),
    Held(Holder),
    /// Its holder has ended meanwhile and taken the file with it.
    Gone,
}

fn attempt(path: &Path, command: &str) -> io::Result<Attempt> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            return Ok(Attempt::Held(holder(&text)));
        }
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let is_there = match fs::metadata(path) {
        Ok(there) => {
            let ours = file.metadata()?;
            (there.dev(), there.ino()) == (ours.dev(), ours.ino())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error),
    };
    if !is_there {
        return Ok(Attempt::Gone);
    }
    let follows_a_killed_run = file.metadata()?.len() > 0;
    file.set_len(0)?;
    file.write_all(format!("{}\n{command}\n", rustix::process::getpid()).as_bytes())?;
    Ok(Attempt::Taken(Lock { _file: file, path: path.to_owned(), follows_a_killed_run }))
}

/// What a holder wrote: its process on the first line, its command on the second.
fn holder(text: &str) -> Holder {
    let mut lines = text.lines();
    let pid = lines.next().and_then(|line| line.parse().ok());
    Holder { pid, command: lines.next().unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::test_lab::LockPlace as Place;

    fn lab() -> ProjectName {
        ProjectName::new("lab").expect("valid")
    }

    #[tokio::test]
    async fn a_second_run_is_told_who_has_the_lab_and_the_file_goes_with_the_first() {
        let (place, told) = (Place::new(), Arc::default());
        let options = place.options(&told);
        let lab = lab();
        let now = |lab, root| take(&options, Duration::ZERO, lab, root);
        let first = now(&lab, "A:B").await.expect("free").expect("a lock");
        assert_eq!(place.files(), ["lab.A_B.lock"]);
        let Err(OpError::Held { project, holder, waited }) = now(&lab, "A:B").await else {
            panic!("the lab is held");
        };
        assert_eq!((project.as_str(), waited), ("lab", Duration::ZERO));
        assert_eq!(holder.to_string(), format!("`nestctl up` (process {})", std::process::id()));
        let other = ProjectName::new("other").expect("valid");
        drop(now(&other, "A:B").await.expect("another lab is free"));
        drop(now(&lab, "C").await.expect("the lab of that name on another engine is free"));
        drop(first);
        assert_eq!(place.files(), [""; 0]);
        drop(now(&lab, "A:B").await.expect("free again"));
        assert!(told.lock().expect("no panic").is_empty(), "who does not wait is told by the error");
    }

    #[tokio::test]
    async fn who_waits_gets_it_when_the_holder_ends() {
        let (place, told) = (Place::new(), Arc::default());
        let first = take(&place.options(&told), Duration::ZERO, &lab(), "A").await.expect("free");
        let (options, lab) = (place.options(&told), lab());
        let second = take(&options, Duration::from_secs(60), &lab, "A");
        let ends = async {
            while told.lock().expect("no panic").is_empty() {
                tokio::task::yield_now().await;
            }
            drop(first);
        };
        let (second, ()) = tokio::join!(second, ends);
        assert!(second.expect("it was free in time").is_some());
        assert_eq!(told.lock().expect("no panic").len(), 1);
    }

    #[tokio::test]
    async fn what_a_killed_holder_left_holds_nobody_up() {
        let (place, told) = (Place::new(), Arc::default());
        place.leave_lock(&lab(), "A");
        let (options, lab) = (place.options(&told), lab());
        let now = async || take(&options, Duration::ZERO, &lab, "A").await.expect("free").expect("a lock");
        let taken = now().await;
        assert!(taken.follows_a_killed_run);
        drop(taken);
        assert_eq!(place.files(), [""; 0]);
        assert!(!now().await.follows_a_killed_run, "who had it last has ended by itself");
    }

    #[tokio::test]
    async fn where_no_file_can_be_made_the_run_goes_on_and_says_so() {
        let told = Arc::default();
        let place = Place(PathBuf::from("/dev/null/nowhere"));
        let taken = take(&place.options(&told), Duration::ZERO, &lab(), "A").await.expect("it goes on");
        assert!(taken.is_none());
        assert!(told.lock().expect("no panic")[0].starts_with("Unavailable"));
    }

    #[test]
    fn locks_are_in_the_users_state_directory() {
        let directory = |vars: &[(&str, &str)]| {
            let vars = vars.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
            super::directory(&vars).map(|path| path.display().to_string())
        };
        assert_eq!(directory(&[("HOME", "/h")]).as_deref(), Some("/h/.local/state/nestctl/locks"));
        let both = [("HOME", "/h"), ("XDG_STATE_HOME", "/s")];
        assert_eq!(directory(&both).as_deref(), Some("/s/nestctl/locks"));
        assert_eq!(directory(&[("HOME", "relative")]), None);
    }
}
