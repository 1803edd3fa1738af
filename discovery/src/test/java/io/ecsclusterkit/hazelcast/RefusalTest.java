package io.ecsclusterkit.hazelcast;

import com.hazelcast.core.HazelcastException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What each refusal of the API means, in one sentence. */
class RefusalTest {

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "401 | Incorrect IAM authentication information: verify aksk signature fail | the secret key does not belong to the access key",
        "401 | Incorrect IAM authentication information: Get secretKey failed,ak:AK,err:ak not exist | the access key is unknown",
        "401 | Incorrect IAM authentication information: aksk not exist | the access key is unknown",
        "401 | Incorrect IAM authentication information: AK access failed to reach the limit,forbidden | locked for five minutes",
        "401 | Incorrect IAM authentication information: token expires | the token or temporary key is no longer valid",
        "401 | Incorrect IAM authentication information: decrypt token fail | the token or temporary key is no longer valid",
        "401 | something new | the credentials were refused: they are wrong, disabled or have ended",
        "403 | Policy doesn't allow ecs:cloudServers:list to be performed | lacks the permission ecs:cloudServers:list",
        "403 | something new | lacks the permission ecs:cloudServers:list"})
    void isSaid(int status, String message, String sentence) {
        rig.keys().here();
        rig.cloud.trouble = (seen, exchange) -> {
            // A clock that cannot be read is no reason to blame this server's.
            exchange.getResponseHeaders().set("Date", "today");
            FakeCloud.answer(exchange, status, "{\"error_msg\":\"" + message + "\",\"error_code\":\"APIGW.0301\"}");
            return true;
        };
        String said = assertThrows(HazelcastException.class, rig.strategy()::discoverNodes).getMessage();
        assertTrue(said.contains(sentence), said);
        assertEquals(1, rig.cloud.requests.size());
    }
}
