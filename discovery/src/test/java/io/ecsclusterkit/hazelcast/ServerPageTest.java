package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A page as the API's documentation shows it. */
class ServerPageTest {

    @Test
    void readsTheDocumentedAnswer() throws IOException {
        ServerPage page = ServerPage.read(ServerPageTest.class.getResourceAsStream("/servers-details.json"));
        assertEquals(1, page.count());
        Server server = page.servers().get(0);
        assertEquals("4cc31f70-f0b5-4ce8-8b9a-1e4c0fb53b6a", server.id());
        assertTrue(server.active());
        assertEquals("cn-north-4a", server.zone());
        assertEquals("140fd038-c4ae-4c32-ac07-34b525eb6b95", server.vpc());
        assertEquals("b1c0de6a-5f0e-4a63-8a1c-2f6f4d5a7e11", server.group());
        assertEquals(Map.of("cluster", "hz1", "env", "a=b", "novalue", ""), server.tags());
        assertEquals(1, server.addresses().size());
        assertEquals("192.168.0.206", server.addresses().get(0).ip());
        assertEquals("140fd038-c4ae-4c32-ac07-34b525eb6b95", server.addresses().get(0).vpc());
    }
}
