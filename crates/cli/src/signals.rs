//! Signals: the first asks a statement to stop, the process then ends in order; what hangs is ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::report::Exit;

/// How long a stop may take before the process ends anyway: a write into a full pipe cannot be interrupted.
const GRACE: Duration = Duration::from_secs(2);

/// What asked the running statement to stop.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    asked: Arc<watch::Sender<Option<Exit>>>,
    prompting: Arc<AtomicBool>,
    screen: Screen,
}

/// While it lives, the shell waits for its user, and cannot end in order.
pub(crate) struct Prompting(Arc<AtomicBool>);

impl Drop for Prompting {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Signals {
    /// Starts to listen. In the shell an interrupt ends the statement only, so nothing is forced there.
    pub(crate) fn listen(interactive: bool) -> std::io::Result<Self> {
        let signals =
            Self { asked: Arc::new(watch::Sender::new(None)), prompting: Arc::default(), screen: Screen::remember() };
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            for (kind, exit) in [
                (SignalKind::interrupt(), Exit::Interrupted),
                (SignalKind::terminate(), Exit::Terminated),
                (SignalKind::hangup(), Exit::HangUp),
            ] {
                let (mut stream, signals) = (signal(kind)?, signals.clone());
                tokio::spawn(async move {
                    while stream.recv().await.is_some() {
                        signals.raise(exit, interactive);
                    }
                });
            }
        }
        #[cfg(not(unix))]
        {
            let signals = signals.clone();
            tokio::spawn(async move {
                while tokio::signal::ctrl_c().await.is_ok() {
                    signals.raise(Exit::Interrupted, interactive);
                }
            });
        }
        Ok(signals)
    }

    fn raise(&self, exit: Exit, interactive: bool) {
        self.asked.send_replace(Some(exit));
        if interactive && exit == Exit::Interrupted {
            return;
        }
        let (prompting, screen) = (Arc::clone(&self.prompting), self.screen.clone());
        tokio::spawn(async move {
            if !prompting.load(Ordering::Acquire) {
                tokio::time::sleep(GRACE).await;
            }
            screen.restore();
            end_now(exit);
        });
    }

    /// Says that the shell waits for its user from now on.
    pub(crate) fn prompting(&self) -> Prompting {
        self.prompting.store(true, Ordering::Release);
        Prompting(Arc::clone(&self.prompting))
    }

    /// Forgets an earlier interrupt; called before a statement starts in the shell.
    pub(crate) fn clear_interrupt(&self) {
        self.asked.send_if_modified(|asked| asked.take_if(|exit| *exit == Exit::Interrupted).is_some());
    }

    /// Resolves when a stop is asked for.
    pub(crate) async fn stopped(&self) -> Exit {
        let mut asked = self.asked.subscribe();
        let found = match asked.wait_for(Option::is_some).await {
            Ok(exit) => *exit,
            // The sender is ours: this does not happen.
            Err(_) => None,
        };
        found.unwrap_or(Exit::Interrupted)
    }
}

/// How the terminal was set when the process began: line editing changes it, and a signal may leave it so.
#[cfg(unix)]
#[derive(Debug, Clone)]
struct Screen(Arc<std::sync::Mutex<Option<nix::sys::termios::Termios>>>);

#[cfg(unix)]
impl Screen {
    fn remember() -> Self {
        Self(Arc::new(std::sync::Mutex::new(nix::sys::termios::tcgetattr(std::io::stdin()).ok())))
    }

    fn restore(&self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        if let Ok(Some(settings)) = self.0.lock().as_deref() {
            // The process ends whether or not this works.
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, settings);
        }
    }
}

#[cfg(not(unix))]
#[derive(Debug, Clone)]
struct Screen;

#[cfg(not(unix))]
impl Screen {
    fn remember() -> Self {
        Self
    }

    fn restore(&self) {}
}

#[expect(clippy::exit, reason = "the statement did not stop in time, and nothing else can end a blocked write")]
fn end_now(exit: Exit) {
    std::process::exit(exit as i32)
}

/// Resolves when nobody reads standard output any more, also while there is nothing to write.
#[cfg(unix)]
pub(crate) async fn reader_gone() {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;
    const EVERY: Duration = Duration::from_millis(300);
    let stdout = std::io::stdout();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        // Errors are reported without being asked for.
        let mut watched = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        let found = poll(&mut watched, PollTimeout::ZERO);
        let [stdout] = watched;
        if found.is_ok_and(|count| count > 0)
            && stdout.revents().is_some_and(|events| events.contains(PollFlags::POLLERR))
        {
            return;
        }
    }
}

#[cfg(not(unix))]
pub(crate) async fn reader_gone() {
    std::future::pending().await
}
