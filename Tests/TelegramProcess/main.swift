import Base
import Fetch
import Postgres
import Reactor
import Telegram

// A sender by itself, for tests that end it at bad moments: DATABASE API TOKEN.
let arguments = CommandLine.arguments
let loop = try EventLoop(name: "telegram")
let silent = Logger(component: "telegram", sink: Logger.nowhere)
let database = try Database(url: Secret(arguments[1]), loops: [loop], log: silent)
var settings = TelegramSender.Settings()
settings.lease = .seconds(2)
settings.poll = .milliseconds(20)
settings.pace.chatInterval = .milliseconds(20)
let sender = TelegramSender(
    database: database,
    client: TelegramClient(
        fetch: Fetch(loops: [loop]), token: Secret(arguments[3]), url: arguments[2], deadline: .seconds(120)),
    kinds: [], loop: loop, log: silent, settings: settings)
sender.start()
loop.run()
