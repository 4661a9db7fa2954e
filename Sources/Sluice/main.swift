import Base
import Glibc
import Reactor

// Blocked before any thread exists, so that only the loop that asks for them gets them. `main` itself stays synchronous: an async
// main parks the main thread where signals can't be read.
SignalSource.block([SIGINT, SIGTERM, SIGHUP])

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    let invocation = try Invocation(arguments)
    let configuration = try Configuration.read(
        environment: try DotEnv.merged(file: ".env", under: ProcessEnvironment.all()), demo: invocation.isDemo)
    // Root makes directories that the private cluster's own user must pass through; files name their modes themselves.
    umask(0o022)
    exit(try Program(configuration: configuration).run(invocation.command))
} catch let usage as Usage {
    StandardError.write(usage.text)
    exit(ExitCode.usage)
} catch let problems as ConfigurationProblems {
    StandardError.write("These settings are wrong:\n\(problems.description)\n")
    exit(ExitCode.configuration)
} catch {
    StandardError.write("\(error)\n")
    exit(ExitCode.failure)
}
