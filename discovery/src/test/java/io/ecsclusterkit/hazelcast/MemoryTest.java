package io.ecsclusterkit.hazelcast;

import com.hazelcast.logging.Logger;

import com.sun.net.httpserver.HttpExchange;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Memory does not grow with what a list carries beside the few fields that matter. */
@Timeout(60)
class MemoryTest {

    private static final int SERVERS = 10_000;
    private static final int PAGE = 1000;
    /** A JVM that lists one server needs 10 MB: this is 64 MB more, half of the 128 MB a small member has. */
    private static final String HEAP = "-Xmx64m";

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void tenThousandServersWithTheirUserDataFitInASmallHeap() throws IOException, InterruptedException {
        FakeServer server = FakeServer.at("10.0.0.2");
        server.userData = Base64.getEncoder().encodeToString(new byte[32 * 1024]);
        String json = server.json();
        rig.keys().cloud.trouble = (seen, exchange) -> {
            int first = seen.one("marker").isEmpty() ? 0 : Integer.parseInt(seen.one("marker")) + 1;
            page(exchange, first, json.split(server.id, 2));
            return true;
        };
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), HEAP,
                "-cp", System.getProperty("java.class.path"), MemoryTest.class.getName()));
        rig.properties.forEach((name, value) -> command.add(name + "=" + value));
        Process listing = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(listing.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, listing.waitFor(), said);
        assertEquals(SERVERS / PAGE, rig.cloud.requests.size());
    }

    /** Writes a page server by server: {@code around} is what stands before and after an id. */
    private static void page(HttpExchange exchange, int first, String[] around) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(("{\"count\":" + SERVERS + ",\"servers\":[").getBytes(StandardCharsets.UTF_8));
            for (int id = first; id < first + PAGE; id++) {
                out.write(((id == first ? "" : ",") + around[0] + id + around[1]).getBytes(StandardCharsets.UTF_8));
            }
            out.write("]}".getBytes(StandardCharsets.UTF_8));
        }
    }

    /** A client that lists all servers of the project once; its heap is what is tested. */
    public static void main(String[] args) {
        Map<String, String> properties = new HashMap<>();
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            properties.put(pair[0], pair[1]);
        }
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(null, Logger.getLogger("memory"), EcsConfig.of(properties), new SystemTime());
        int found = Rig.nodes(strategy).size();
        if (found != SERVERS) {
            throw new IllegalStateException(found + " servers were found");
        }
    }
}
