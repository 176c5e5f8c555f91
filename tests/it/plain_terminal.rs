//! `bathy debug -it` in a real PTY against the demo's API on loopback: sizes, keys, and the terminal given back however
//! the session ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;

use bathyscope::demo::DemoCluster;
use bathyscope::demo::serve::{Served, serve};
use serde_json::json;

use crate::echo;
use crate::terminal::Terminal;

/// A shell says this once the program has ended and the terminal is as it was: echo on, lines whole.
const GIVEN_BACK: &str = "trap : TERM HUP INT; bathy debug \"$@\"; echo \"code=$?\"; case \"$(stty -a)\" in *' -echo '*|*-icanon*|*-opost*) \
                          echo taken;; *) echo given-back;; esac";

/// The demo's API with containers that echo, on loopback, and a stand-in for the kubelet that says that they run.
struct Site {
    /// Runs the API.
    runtime: tokio::runtime::Runtime,
    cluster: DemoCluster,
    served: Option<Served>,
    kubeconfig: PathBuf,
}

impl Site {
    fn new(name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let kubeconfig = std::env::temp_dir().join(format!("bathy-plain-{name}-{}", std::process::id()));
        let (cluster, served) = runtime.block_on(async {
            let cluster = echo::cluster();
            let served = serve(&cluster, &kubeconfig, "127.0.0.1:0".parse().unwrap()).unwrap();
            let store = cluster.store().clone();
            let mut changes = store.watch("pods", store.version()).unwrap();
            tokio::spawn(async move {
                while let Some(Ok(change)) = changes.next().await {
                    let name = change.object["metadata"]["name"].as_str().unwrap();
                    store.update("pods", "demo", name, |pod| {
                        let added = pod["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
                        let running = added.iter().filter(|container| container["name"] == "dbg").map(
                            |container| json!({"name": container["name"], "state": {"running": {"startedAt": null}}}),
                        );
                        pod["status"]["ephemeralContainerStatuses"] = running.collect();
                    });
                }
            });
            (cluster, served)
        });
        Self { runtime, cluster, served: Some(served), kubeconfig }
    }

    /// `bathy debug` of the pod `nonroot` with these words more, under a shell that looks at the terminal afterwards.
    fn debug(&self, words: &[&str]) -> Terminal {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_bathy"));
        let path = std::env::join_paths(
            [binary.parent().unwrap().to_owned()]
                .into_iter()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let arguments = ["-c", GIVEN_BACK, "sh", "nonroot", "--image=busybox", "-c=dbg", "-it"];
        let arguments: Vec<&str> = arguments.into_iter().chain(words.iter().copied()).collect();
        let variables =
            [("KUBECONFIG", self.kubeconfig.to_str().unwrap()), ("PATH", &*path.unwrap().into_string().unwrap())]
                .map(|(name, value)| (name, value.to_owned()));
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Terminal::start("/bin/sh", &arguments, &variables)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.served.take();
        std::fs::remove_file(&self.kubeconfig).ok();
    }
}

/// Waits for the shell's last words and gives everything that was shown.
fn shown_after(mut terminal: Terminal) -> String {
    terminal.wait_for_text("given-back");
    terminal.ended();
    terminal.screen.text()
}

#[test]
fn a03_a04_sizes_keys_and_the_end_of_a_session() {
    let site = Site::new("sizes");
    for quiet in [false, true] {
        let site = if quiet { &Site::new("quiet") } else { &site };
        let mut terminal = site.debug(if quiet { &["-q"] } else { &[] });
        terminal.wait_for_text("[81x25][80x24]");
        terminal.resize(70, 20);
        terminal.wait_for_text("[70x20]");
        terminal.send("hello");
        terminal.wait_for_text("hello");
        // Ctrl-C is a key like any other; Ctrl-P is one that waits for the next.
        terminal.send("<\x03>\x10x");
        terminal.wait_for_text("<>x");
        terminal.send("\x10\x11");
        let shown = shown_after(terminal);
        assert!(shown.contains("code=0"), "{shown}");
        let told = ["kept in the container's log", "Session over", "kubectl attach nonroot -c dbg -n demo -i -t"];
        let flat = shown.replace('\n', "");
        for words in told {
            assert_eq!(flat.contains(words), !quiet, "{words}: {shown}");
        }
    }
    let pod = site.cluster.store().get("pods", "demo", "nonroot").unwrap();
    assert!(pod["spec"]["ephemeralContainers"].to_string().contains("dbg"), "detaching changes nothing there");
}

#[test]
fn a05_a10_the_terminal_is_given_back_when_the_connection_breaks_and_on_signals() {
    let site = Site::new("broken");
    let mut terminal = site.debug(&[]);
    terminal.wait_for_text("[80x24]");
    // A program that would leave the terminal in a state of its own.
    terminal.send("\x1b[?1049h\x1b[?25l\x1b[?2004h.");
    terminal.wait_for_text(".");
    site.cluster.cut();
    let shown = shown_after(terminal);
    assert!(shown.contains("code=1") && shown.contains("the session broke"), "{shown}");

    for signal in ["TERM", "HUP", "INT"] {
        let site = Site::new(signal);
        let mut terminal = site.debug(&[]);
        terminal.wait_for_text("[80x24]");
        // The whole foreground is signalled; the shell above only waits.
        let group = terminal.process_id().to_string();
        let kill = ["-c", "kill -s \"$0\" -- \"-$1\"", signal, &group];
        assert!(std::process::Command::new("sh").args(kill).status().unwrap().success());
        let shown = shown_after(terminal);
        assert!(shown.contains("code=1") && shown.contains("stays where it is"), "{shown}");
    }
}

#[test]
fn the_terminal_is_given_back_on_a_panic() {
    let site = Site::new("panic");
    let shown = shown_after(site.debug(&["--test-panic"]));
    assert!(shown.contains("code=101") && shown.contains("asked for by --test-panic"), "{shown}");
}
