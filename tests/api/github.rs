//! The built service on GitHub: a Git server and a double of the API over one repository.

mod away;
mod crash;
mod direct;
mod disk;
mod metrics;
mod refusals;
mod replicas;
mod rounds;
mod secrets;
mod start;
mod token;

use crate::support::TestApp;
use crate::support::git::try_git;
use crate::support::github::{GithubDouble, OWNER, TOKEN};
use crate::support::process::Builder;
use crate::support::smart_http::{SmartHttp, TestRemote};

/// The request that opens a pull request.
const OPEN: &str = "POST /repos/acme/unicron/pulls";

/// GitHub, with one repository.
struct Scene {
    remote: TestRemote,
    github: GithubDouble,
}

impl Scene {
    fn start() -> Self {
        let remote = TestRemote::serve(SmartHttp::start_for(TOKEN), "acme/unicron.git");
        let github = GithubDouble::start(&remote.bare());
        Self { remote, github }
    }

    /// A service on this repository, but for its credentials.
    fn nameless(&self) -> Builder {
        TestApp::builder()
            .with_few_prices()
            .env("GITOPS_ORGANIZATION", OWNER)
            .env("GITHUB_URL", &self.remote.server.url(""))
            .env("GITHUB_API_URL", &self.github.url())
            .env("GITHUB_POLL_SECONDS", "1")
    }

    /// A service on this repository.
    fn settings(&self) -> Builder {
        self.nameless().env("GITHUB_TOKEN", TOKEN)
    }

    /// A service on this repository that is ready.
    #[track_caller]
    fn app(&self) -> TestApp {
        ready(self.settings())
    }

    /// The branches of changes.
    fn branches(&self) -> Vec<String> {
        let refs = self.remote.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/backend-api"]);
        refs.lines().map(str::to_owned).collect()
    }

    /// A file of a branch, if it is there.
    fn show(&self, branch: &str, path: &str) -> Option<String> {
        let shown = try_git(&self.remote.bare(), &["show", &format!("{branch}:{path}")]);
        shown.status.success().then(|| String::from_utf8(shown.stdout).unwrap())
    }

    /// How many pull requests there are, open or not.
    fn pull_requests(&self) -> usize {
        self.github.state().pulls.len()
    }
}

/// Starts a service and waits until it is ready.
#[track_caller]
fn ready(settings: Builder) -> TestApp {
    let app = settings.start();
    app.wait_until_ready();
    app
}
